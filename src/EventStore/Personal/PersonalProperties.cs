using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json.Serialization.Metadata;

namespace Waybill.EventStore.Personal;

/// <summary>Which texts of an event type are about a person, and which one says about whom.</summary>
internal sealed class PersonalProperties
{
    private readonly Type _event;
    private readonly JsonPropertyInfo _subject;
    private readonly JsonPropertyInfo[] _personal;

    private PersonalProperties(Type @event, JsonPropertyInfo subject, JsonPropertyInfo[] personal)
    {
        (_event, _subject, _personal) = (@event, subject, personal);
        Names = personal.Select(property => property.Name).ToFrozenSet();
    }

    /// <summary>The names that the personal texts have in the JSON.</summary>
    public FrozenSet<string> Names { get; }

    /// <summary>Finds what is marked in an event type; null if nothing is.</summary>
    /// <exception cref="InvalidOperationException">
    /// What is marked could not be kept encrypted, or nobody could tell whom it is about.
    /// </exception>
    public static PersonalProperties? Of(JsonTypeInfo type)
    {
        RefuseMarksBelow(type, []);
        var personal = Marked<PersonalAttribute>(type);
        var subjects = Marked<SubjectAttribute>(type);
        if (personal.Length == 0 && subjects.Length == 0)
            return null;
        if (subjects.Length != 1)
            throw Wrong(type.Type, $"has {subjects.Length} properties marked [Subject]; its personal texts need one");
        if (personal.Length == 0)
            throw Wrong(type.Type, "has a [Subject], but nothing marked [Personal]");
        if (personal.Contains(subjects[0]))
            throw Wrong(type.Type, $"marks {subjects[0].Name} as its [Subject], which stays readable, and [Personal]");
        return new(type.Type, subjects[0], personal);
    }

    /// <summary>Whom an event is about; null if it has no personal text, so that nothing needs a key.</summary>
    /// <exception cref="ArgumentException">There is a personal text, but the subject is missing.</exception>
    public string? SubjectOf(object happened)
    {
        if (Array.TrueForAll(_personal, property => property.Get!(happened) is null))
            return null;
        return _subject.Get!(happened) is string { Length: > 0 } subject
            ? subject
            : throw new ArgumentException($"An event {_event} has a personal text, but its [Subject] is missing.");
    }

    // The mark of a positional record stands on the constructor's parameter, where it is natural to write it.
    private static HashSet<string> MarkedMembers<TMark>(Type type)
        where TMark : Attribute
    {
        const BindingFlags all = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var property in type.GetProperties(all))
            if (Attribute.IsDefined(property, typeof(TMark)))
                names.Add(property.Name);
        foreach (var parameter in type.GetConstructors(all).SelectMany(constructor => constructor.GetParameters()))
            if (parameter.IsDefined(typeof(TMark), inherit: false))
                names.Add(parameter.Name!);
        return names;
    }

    private static JsonPropertyInfo[] Marked<TMark>(JsonTypeInfo type)
        where TMark : Attribute
    {
        var names = MarkedMembers<TMark>(type.Type);
        var found = new List<JsonPropertyInfo>();
        foreach (var property in type.Properties)
            if (property is { Get: not null, AttributeProvider: MemberInfo member } && names.Remove(member.Name))
                found.Add(property);
        if (names.Count > 0)
            throw Wrong(type.Type, $"marks {names.First()}, which is not in its JSON");
        if (found.Find(property => property.PropertyType != typeof(string)) is { } other)
            throw Wrong(type.Type, $"marks {other.Name}, which is not a text; only texts can be");
        return [.. found];
    }

    // Only the texts of the event itself are encrypted; a mark further below would promise what is not kept.
    private static void RefuseMarksBelow(JsonTypeInfo type, HashSet<Type> seen)
    {
        var below = type.Properties.Select(property => property.PropertyType)
            .Concat([type.ElementType, type.KeyType])
            .Concat(type.PolymorphismOptions?.DerivedTypes.Select(derived => derived.DerivedType) ?? []);
        foreach (var inner in below)
        {
            if (inner is null || !seen.Add(inner) || !type.Options.TryGetTypeInfo(inner, out var known))
                continue;
            if (MarkedMembers<PersonalAttribute>(inner).Count > 0 || MarkedMembers<SubjectAttribute>(inner).Count > 0)
                throw Wrong(inner, "is part of an event, but only the event's own texts can be marked");
            RefuseMarksBelow(known, seen);
        }
    }

    private static InvalidOperationException Wrong(Type type, string what) => new($"{type} {what}.");
}
