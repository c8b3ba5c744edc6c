using System.Text.RegularExpressions;

namespace Waybill.Tests.Grains.LifeCycles;

/// <summary>The state diagrams of docs/life-cycles.md, each under a heading that is its category.</summary>
internal static partial class Diagrams
{
    private static readonly string Page = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "life-cycles.md"));

    /// <summary>The categories that have a diagram.</summary>
    public static IEnumerable<string> Categories => Sections().Select(section => section.Category);

    /// <summary>What a category's diagram says can happen.</summary>
    public static IEnumerable<Transition> Of(string category) =>
        from section in Sections()
        where section.Category == category
        from Match arrow in Arrow().Matches(section.Text)
        let to = arrow.Groups[2].Value
        from happened in arrow.Groups[3].Value.Split(',', StringSplitOptions.TrimEntries)
        select new Transition(arrow.Groups[1].Value, happened, to);

    private static IEnumerable<(string Category, string Text)> Sections() =>
        from Match section in Section().Matches(Page)
        select (section.Groups[1].Value, section.Groups[2].Value);

    [GeneratedRegex(@"^## (\w+)$.*?^```mermaid$(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Section();

    // States without dashes and colons of their own, so that an arrow can be told from them.
    [GeneratedRegex(@"^\s*(\S+) --> ([\w*\[\]]+): (.+)$", RegexOptions.Multiline)]
    private static partial Regex Arrow();
}
