using System.Text.Json.Serialization;
using Waybill.EventStore;

namespace Waybill.Tests.EventStore;

public sealed partial class EventTypesTests
{
    [Fact]
    public void Every_listed_type_is_found_by_its_stored_name() =>
        new EventTypes([NoteJson.Default]).Find("note.written", 1)!.Json.Type.ShouldBe(typeof(Note.Written));

    [Fact]
    public void An_unknown_name_or_version_is_not_found()
    {
        var types = new EventTypes([NoteJson.Default]);

        types.Find("note.burnt", 1).ShouldBeNull();
        types.Find("note.written", 2).ShouldBeNull();
    }

    [Fact]
    public void Two_types_for_one_stored_name_are_refused_at_start() =>
        Should.Throw<InvalidOperationException>(() => new EventTypes([NoteJson.Default, ImpostorJson.Default]))
            .Message.ShouldContain("note.written v1");

    [Fact]
    public void A_listed_type_without_a_stored_name_is_refused_at_start() =>
        Should.Throw<InvalidOperationException>(() => new EventTypes([NamelessJson.Default]))
            .Message.ShouldContain(nameof(Unlisted));

    [EventType("note.written", 1)]
    public sealed record Impostor(string Text);

    [JsonSerializable(typeof(Impostor))]
    public sealed partial class ImpostorJson : JsonSerializerContext;

    [JsonSerializable(typeof(Unlisted))]
    public sealed partial class NamelessJson : JsonSerializerContext;
}
