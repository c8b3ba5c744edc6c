using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Waybill.EventStore;

/// <summary>
/// What the XML documentation says of a type or a member, as plain text. The compiler writes it to a file beside the
/// assembly, where the project asks for it; without the file there are no words, and nothing else is missing.
/// </summary>
public static partial class XmlDocumentation
{
    private static readonly ConcurrentDictionary<Assembly, Dictionary<string, XElement>> Files = [];

    /// <summary>The summary of a type.</summary>
    public static string? Of(Type type) => Text(Find(type)?.Element("summary"));

    /// <summary>The summary of a JSON member, or its text as a positional record's parameter.</summary>
    public static string? Of(JsonPropertyInfo property) => property.AttributeProvider is MemberInfo member
        ? Of(member)
        : null;

    /// <inheritdoc cref="Of(JsonPropertyInfo)"/>
    public static string? Of(MemberInfo property)
    {
        if (property.DeclaringType is not { } type)
            return null;
        if (Members(type).GetValueOrDefault($"P:{IdOf(type)}.{property.Name}")?.Element("summary") is { } own)
            return Text(own);
        return Text(Find(type)?.Elements("param").FirstOrDefault(
            parameter => (string?)parameter.Attribute("name") == property.Name));
    }

    private static XElement? Find(Type type) => Members(type).GetValueOrDefault($"T:{IdOf(type)}");

    private static Dictionary<string, XElement> Members(Type type) => Files.GetOrAdd(type.Assembly, Read);

    private static string? IdOf(Type type) =>
        (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName?.Replace('+', '.');

    private static Dictionary<string, XElement> Read(Assembly assembly)
    {
        // Of an assembly without a place of its own, as in a single file, the documentation is not there either.
        var path = Path.ChangeExtension(assembly.Location, ".xml");
        return File.Exists(path)
            ? XDocument.Load(path).Descendants("member").ToDictionary(member => (string)member.Attribute("name")!)
            : [];
    }

    private static string? Text(XElement? words)
    {
        if (words is null)
            return null;
        var text = string.Concat(words.DescendantNodes().Select(node => node switch
        {
            XText plain => plain.Value,
            XElement element => Reference(element),
            _ => "",
        }));
        return Spaces().Replace(text, " ").Trim() is { Length: > 0 } said ? said : null;
    }

    // A type or parameter that is mentioned, by the name that it has in JSON.
    private static string Reference(XElement element) =>
        ((string?)element.Attribute("cref") ?? (string?)element.Attribute("name"))?.Split('.', ':')[^1] is { } name
            ? char.ToLowerInvariant(name[0]) + name[1..]
            : (string?)element.Attribute("langword") ?? "";

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
