using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection;
using Waybill.EventStore;
using Waybill.EventStore.Sqlite;

namespace Waybill.Tests.EventStore;

public sealed partial class EventTypesTests
{
    private static readonly Upcaster Burnt1 =
        new("note.burnt", 1, old => new() { ["Ashes"] = old["Grams"]!.DeepClone() });

    private static readonly Upcaster Burnt2 = new("note.burnt", 2, Moved);

    [Fact]
    public void Every_listed_type_is_found_by_its_stored_name() =>
        new EventTypes([NoteJson.Default]).Find("note.written")!.Json.Type.ShouldBe(typeof(Note.Written));

    [Fact]
    public void An_unknown_name_is_not_found() => new EventTypes([NoteJson.Default]).Find("note.burnt").ShouldBeNull();

    [Fact]
    public void Two_types_for_one_stored_name_are_refused_at_start() =>
        Refusal([NoteJson.Default, ImpostorJson.Default]).ShouldContain("note.written");

    [Fact]
    public void A_listed_type_without_a_stored_name_is_refused_at_start() =>
        Refusal([NamelessJson.Default]).ShouldContain(nameof(Unlisted));

    [Fact]
    public void A_version_that_no_upcaster_brings_forward_is_refused_at_start() =>
        Refusal([BurntJson.Default], Burnt2)
            .ShouldContain("note.burnt is at version 3, but has no upcaster from version 1");

    [Fact]
    public void An_upcaster_for_a_name_that_no_type_has_is_refused_at_start() =>
        Refusal([NoteJson.Default], Burnt1).ShouldContain("note.burnt");

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void An_upcaster_from_a_version_that_is_not_an_old_one_is_refused_at_start(int version) =>
        Refusal([BurntJson.Default], Burnt1, Burnt2, new Upcaster("note.burnt", version, old => old))
            .ShouldContain($"from version {version}");

    [Fact]
    public void Two_upcasters_for_one_step_are_refused_at_start() =>
        Refusal([BurntJson.Default], Burnt1, Burnt2, Burnt2).ShouldContain("2 upcasters from version 2");

    [Fact]
    public void A_version_below_the_first_is_refused_at_start() =>
        Refusal([UnbornJson.Default]).ShouldContain("0");

    [Fact]
    public void What_is_refused_keeps_the_store_from_opening()
    {
        var path = Path.Combine(Path.GetTempPath(), $"never-made-{Guid.NewGuid()}.db");
        using var services = new ServiceCollection()
            .AddLogging()
            .AddEvents(BurntJson.Default)
            .AddSqliteEventStore(new SqliteEventStoreOptions { Path = path })
            .BuildServiceProvider();

        Should.Throw<InvalidOperationException>(() => services.GetRequiredService<IEventStore>())
            .Message.ShouldContain("no upcaster");
        File.Exists(path).ShouldBeFalse();
    }

    [Theory]
    [InlineData(1, """{"Grams":5}""")]
    [InlineData(2, """{"Ashes":5}""")]
    [InlineData(3, """{"Remains":5}""")]
    public void An_old_shape_is_brought_forward_version_by_version(int version, string data)
    {
        using var services = new ServiceCollection()
            .AddEvents(BurntJson.Default)
            .AddUpcaster("note.burnt", fromVersion: 2, Moved)
            .AddUpcaster("note.burnt", fromVersion: 1, Burnt1.Upcast)
            .BuildServiceProvider();
        var stored = Stored(version, data);

        var recorded = services.GetRequiredService<EventTypes>().Read(stored);

        recorded.Event.ShouldBe(new Burnt(5));
        recorded.SchemaVersion.ShouldBe(version);
        recorded.Data.ShouldBe(stored.Data);
    }

    [Theory]
    [InlineData(4, """{"Remains":5}""", "up to 3 are known")]
    [InlineData(0, "{}", "no upcaster from version 0")]
    [InlineData(1, "{}", "")]
    [InlineData(1, "[]", "not an object")]
    [InlineData(1, "null", "not an object")]
    [InlineData(1, """{"Grams":5""", "")]
    [InlineData(1, """{"Grams":5,"Grams":6}""", "")]
    [InlineData(2, """{"Ashes":null}""", "")]
    [InlineData(2, """{"Ashes":"five"}""", "")]
    public void What_cannot_be_brought_forward_is_named_by_stream_version_and_position(
        int version, string data, string reason)
    {
        var stored = Stored(version, data);

        var unreadable = Should.Throw<UnreadableEventException>(
            () => new EventTypes([BurntJson.Default], [Burnt1, Burnt2]).Read(stored));

        unreadable.Stored.ShouldBe(stored);
        unreadable.Message.ShouldStartWith($"Event 7 of note-a (position 70, note.burnt v{version}) is unreadable: ");
        unreadable.Message.ShouldContain(reason);
    }

    [Fact]
    public void An_upcaster_that_gives_nothing_makes_the_event_unreadable() =>
        Should.Throw<UnreadableEventException>(() =>
            new EventTypes([BurntJson.Default], [Burnt1, Burnt2 with { Upcast = _ => null! }])
                .Read(Stored(1, """{"Grams":5}"""))).Message.ShouldContain("version 2 gave nothing");

    [Fact]
    public void A_type_that_refuses_its_data_makes_the_event_unreadable() =>
        Should.Throw<UnreadableEventException>(() =>
            new EventTypes([BurntJson.Default], [Burnt1, Burnt2])
                .Read(Stored(3, """{"Remains":-1}"""))).Message.ShouldContain("negative");

    private static JsonObject Moved(JsonObject old)
    {
        var ashes = old["Ashes"]!;
        old.Remove("Ashes");
        old["Remains"] = ashes;
        return old;
    }

    private static string Refusal(IEnumerable<JsonSerializerContext> contexts, params Upcaster[] upcasters) =>
        Should.Throw<InvalidOperationException>(() => new EventTypes(contexts, upcasters)).Message;

    private static StoredEvent Stored(int version, string data) => new(
        Make.Id(1),
        Make.Stream(),
        Version: 7,
        Position: 70,
        "note.burnt",
        version,
        DateTimeOffset.UnixEpoch,
        System.Text.Encoding.UTF8.GetBytes(data),
        new EventMetadata(Make.Id(1), "correlation", null, "ann"));

    [EventType("note.written", 1)]
    public sealed record Impostor(string Text);

    [EventType("note.burnt", 3)]
    public sealed record Burnt(int Remains)
    {
        public int Remains { get; } = Remains >= 0 ? Remains : throw new ArgumentException("Remains is negative.");
    }

    [EventType("note.unborn", 0)]
    public sealed record Unborn;

    [JsonSerializable(typeof(Impostor))]
    public sealed partial class ImpostorJson : JsonSerializerContext;

    [JsonSourceGenerationOptions(RespectRequiredConstructorParameters = true)]
    [JsonSerializable(typeof(Burnt))]
    public sealed partial class BurntJson : JsonSerializerContext;

    [JsonSerializable(typeof(Unborn))]
    public sealed partial class UnbornJson : JsonSerializerContext;

    [JsonSerializable(typeof(Unlisted))]
    public sealed partial class NamelessJson : JsonSerializerContext;
}
