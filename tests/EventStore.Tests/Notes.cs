using System.Text.Json.Serialization;
using Waybill.EventStore;

namespace Waybill.Tests.EventStore;

/// <summary>The events of these tests.</summary>
public abstract record Note
{
    [EventType("note.written", 1)]
    public sealed record Written(string Text) : Note;

    [EventType("note.struck-out", 1)]
    public sealed record StruckOut(string? Reason) : Note;

    [EventType("note.authored", 1)]
    public sealed record Authored(
        [Subject] string? Author,
        [Personal] string? Name,
        [Personal] string? Remark = null,
        IReadOnlyDictionary<string, string>? Marks = null) : Note;

    private Note() { }
}

/// <summary>An event that no context lists.</summary>
public sealed record Unlisted;

[JsonSourceGenerationOptions(RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Note.Written))]
[JsonSerializable(typeof(Note.StruckOut))]
[JsonSerializable(typeof(Note.Authored))]
public sealed partial class NoteJson : JsonSerializerContext;

/// <summary>Makes appends with ids that a failing test can be traced by.</summary>
internal static class Make
{
    public static EventTypes Types { get; } = new([NoteJson.Default]);

    public static StreamName Stream(string id = "a") => new("note", id);

    /// <summary>Ids from small numbers: readable, and the same in every run.</summary>
    public static Guid Id(int number) => new(number, 0, 0, new byte[8]);

    public static NewEvent Event(int id, int command, string text = "text") =>
        Event(id, command, new Note.Written(text));

    public static NewEvent Event(int id, int command, Note note) =>
        new(Id(id), note, new EventMetadata(Id(command), "correlation", null, "ann"));

    /// <summary>An event with personal texts.</summary>
    public static NewEvent Authored(int id, string? author, string? name, string? remark = null) =>
        Event(id, command: id, new Note.Authored(author, name, remark));
}
