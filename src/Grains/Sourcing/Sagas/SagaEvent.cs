using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Waybill.EventStore;

namespace Waybill.Grains.Sourcing.Sagas;

// Stored for ever: a shape that has shipped is never edited; a new version is added beside it, with an upcaster.

/// <summary>What can have happened to a saga.</summary>
public abstract record SagaEvent
{
    /// <summary>It took an input. All that follows from it is here: where the saga stands, and what it sends.</summary>
    /// <param name="Input">What it took.</param>
    /// <param name="Status">How it stands now.</param>
    /// <param name="Stage">Where it stands now.</param>
    /// <param name="Cause">The id under which the input came; the causation of what it sends.</param>
    /// <param name="Origin">Where the saga comes from; with its first input only.</param>
    /// <param name="Data">What it knows from now on; null if that is what it knew before.</param>
    /// <param name="Changes">What is known from now on of commands that it sent earlier.</param>
    /// <param name="Sends">The commands that it sends.</param>
    /// <param name="Deadline">The deadline that holds now.</param>
    /// <param name="Reason">Why it goes back or has ended as it did.</param>
    /// <param name="Stuck">What a person must deal with; null if nothing.</param>
    [EventType("saga.stepped", 2)]
    public sealed record Stepped(
        RecordedInput Input,
        SagaStatus Status,
        string Stage,
        Guid Cause,
        SagaOrigin? Origin = null,
        RawJson? Data = null,
        IReadOnlyList<CommandChange>? Changes = null,
        IReadOnlyList<SentCommand>? Sends = null,
        SagaDeadline? Deadline = null,
        string? Reason = null,
        string? Stuck = null) : SagaEvent;

    /// <summary>True if a stored event is one of a saga, of whatever type and version.</summary>
    public static bool IsOf(StoredEvent stored) => stored.Type.StartsWith("saga.", StringComparison.Ordinal);

    private SagaEvent() { }
}

/// <summary>An input, by its name.</summary>
/// <param name="Name">For example <c>done</c>.</param>
/// <param name="Command">The name of the command that it is about.</param>
/// <param name="Code">Why a command was refused.</param>
/// <param name="Result">What a question was answered with; since version 2.</param>
[GenerateSerializer, Immutable, Alias("waybill.saga-input")]
public sealed record RecordedInput(string Name, string? Command = null, string? Code = null, RawJson? Result = null);

/// <summary>What a saga passes on to its commands.</summary>
/// <param name="Id">The saga's id within its type.</param>
/// <param name="CorrelationId">Of the request that started it.</param>
/// <param name="Actor">Who started it.</param>
[GenerateSerializer, Immutable, Alias("waybill.saga-origin")]
public sealed record SagaOrigin(string Id, string CorrelationId, string Actor);

/// <summary>A command as a saga sends it.</summary>
/// <param name="Id">Made of the saga, the number of the step and the name.</param>
/// <param name="Name">Its name within the saga.</param>
/// <param name="Message">What is asked of whom.</param>
/// <param name="Undo">What undoes it; null if nothing needs to.</param>
/// <param name="Undoes">The command that it undoes.</param>
[GenerateSerializer, Immutable, Alias("waybill.saga-sent-command")]
public sealed record SentCommand(Guid Id, string Name, Message Message, Message? Undo = null, Guid? Undoes = null);

/// <summary>What is known from now on of a command.</summary>
/// <param name="Id">The command.</param>
/// <param name="Status">How it stands; <see cref="CommandStatus.Sent"/> if it is sent again.</param>
/// <param name="Code">Why it was refused.</param>
[GenerateSerializer, Immutable, Alias("waybill.saga-command-change")]
public sealed record CommandChange(Guid Id, CommandStatus Status, string? Code = null);

/// <summary>When a stage has lasted too long.</summary>
/// <param name="Epoch">The number of the step that set it: a deadline that was set anew has another one.</param>
/// <param name="At">The time.</param>
/// <param name="Cause">The id under which the input of that step came: its lapse is a consequence of it.</param>
[GenerateSerializer, Immutable, Alias("waybill.saga-deadline")]
public sealed record SagaDeadline(int Epoch, DateTimeOffset At, Guid? Cause = null);

/// <summary>How a command of a saga stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CommandStatus>))]
[GenerateSerializer, Alias("waybill.saga-command-status")]
public enum CommandStatus
{
    /// <summary>It is sent until it is answered.</summary>
    [JsonStringEnumMemberName("sent")] Sent,

    /// <summary>It took effect.</summary>
    [JsonStringEnumMemberName("done")] Done,

    /// <summary>It was refused.</summary>
    [JsonStringEnumMemberName("refused")] Refused,

    /// <summary>A person has dealt with it.</summary>
    [JsonStringEnumMemberName("by-hand")] ByHand,
}

/// <summary>How a saga stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SagaStatus>))]
[GenerateSerializer, Alias("waybill.saga-status")]
public enum SagaStatus
{
    /// <summary>It has not begun.</summary>
    [JsonStringEnumMemberName("none")] None,

    /// <summary>It is on its way.</summary>
    [JsonStringEnumMemberName("running")] Running,

    /// <summary>It is on its way back.</summary>
    [JsonStringEnumMemberName("compensating")] Compensating,

    /// <summary>It reached its good end.</summary>
    [JsonStringEnumMemberName("completed")] Completed,

    /// <summary>It ended, and all that was done has been undone.</summary>
    [JsonStringEnumMemberName("compensated")] Compensated,

    /// <summary>It ended before anything was done.</summary>
    [JsonStringEnumMemberName("failed")] Failed,
}

/// <summary>Brings older shapes of sagas' events forward.</summary>
internal static class SagaUpcasts
{
    /// <summary>Version 2 has what questions were answered with; before, there were no questions.</summary>
    public static JsonObject FromVersion1(JsonObject stepped) => stepped;
}

/// <summary>The JSON of sagas' events.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(SagaEvent.Stepped))]
internal sealed partial class SagaEventJson : JsonSerializerContext;
