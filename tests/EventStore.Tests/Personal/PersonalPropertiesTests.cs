using System.Text.Json.Serialization;
using Waybill.EventStore;
using Waybill.Tests.EventStore;

namespace Waybill.Tests.EventStore.Personal;

public sealed partial class PersonalPropertiesTests
{
    [Fact]
    public void Marks_on_a_records_parameters_and_on_properties_are_accepted()
    {
        var types = new EventTypes([GoodJson.Default]);

        types.Find("person.registered").ShouldNotBeNull();
        types.Find("person.moved").ShouldNotBeNull();
    }

    [Fact]
    public void A_personal_text_needs_a_subject() => Refusal(NoSubjectJson.Default).ShouldContain("0 properties");

    [Fact]
    public void A_personal_text_has_one_subject() => Refusal(TwoSubjectsJson.Default).ShouldContain("2 properties");

    [Fact]
    public void A_subject_without_a_personal_text_says_nothing() =>
        Refusal(NothingPersonalJson.Default).ShouldContain("nothing marked [Personal]");

    [Fact]
    public void Only_texts_are_personal() => Refusal(NumberJson.Default).ShouldContain("Born, which is not a text");

    [Fact]
    public void The_subject_itself_stays_readable() => Refusal(BothJson.Default).ShouldContain("stays readable");

    [Fact]
    public void What_is_marked_must_be_in_the_JSON() =>
        Refusal(HiddenJson.Default).ShouldContain("Name, which is not in its JSON");

    [Fact]
    public void A_mark_further_below_would_not_be_kept() =>
        Refusal(NestedJson.Default).ShouldContain("only the event's own texts");

    private static string Refusal(JsonSerializerContext context) =>
        Should.Throw<InvalidOperationException>(() => new EventTypes([context])).Message;

    [EventType("person.registered", 1)]
    public sealed record Registered([Subject] string CustomerId, [Personal] string Name);

    [EventType("person.moved", 1)]
    public sealed record Moved
    {
        [Subject]
        [JsonPropertyName("who")]
        public required string CustomerId { get; init; }

        [Personal]
        [JsonPropertyName("where")]
        public string? Address { get; init; }
    }

    [EventType("person.no-subject", 1)]
    public sealed record NoSubject([Personal] string Name);

    [EventType("person.two-subjects", 1)]
    public sealed record TwoSubjects([Subject] string A, [property: Subject] string B, [Personal] string Name);

    [EventType("person.nothing-personal", 1)]
    public sealed record NothingPersonal([Subject] string CustomerId);

    [EventType("person.number", 1)]
    public sealed record Number([Subject] string CustomerId, [Personal] int Born);

    [EventType("person.both", 1)]
    public sealed record Both([Subject, Personal] string CustomerId);

    [EventType("person.hidden", 1)]
    public sealed record Hidden([Subject] string CustomerId)
    {
        [Personal, JsonIgnore]
        public string? Name { get; init; }
    }

    [EventType("person.nested", 1)]
    public sealed record Nested([Subject] string CustomerId, [Personal] string Name, IReadOnlyList<Address> Addresses);

    public sealed record Address([Personal] string Street);

    [JsonSerializable(typeof(Registered))]
    [JsonSerializable(typeof(Moved))]
    public sealed partial class GoodJson : JsonSerializerContext;

    [JsonSerializable(typeof(NoSubject))]
    public sealed partial class NoSubjectJson : JsonSerializerContext;

    [JsonSerializable(typeof(TwoSubjects))]
    public sealed partial class TwoSubjectsJson : JsonSerializerContext;

    [JsonSerializable(typeof(NothingPersonal))]
    public sealed partial class NothingPersonalJson : JsonSerializerContext;

    [JsonSerializable(typeof(Number))]
    public sealed partial class NumberJson : JsonSerializerContext;

    [JsonSerializable(typeof(Both))]
    public sealed partial class BothJson : JsonSerializerContext;

    [JsonSerializable(typeof(Hidden))]
    public sealed partial class HiddenJson : JsonSerializerContext;

    [JsonSerializable(typeof(Nested))]
    public sealed partial class NestedJson : JsonSerializerContext;
}
