using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Waybill.EventStore;

namespace Waybill.Grains.Sourcing.Sagas;

/// <summary>What a saga reacts to.</summary>
public abstract record SagaInput
{
    /// <summary>A command that it sent took effect, or a question was answered.</summary>
    /// <param name="Command">Its name within the saga.</param>
    /// <param name="Answer">What a question was answered with; null for a command.</param>
    public sealed record Done(string Command, RawJson? Answer = null) : SagaInput
    {
        /// <summary>Reads what a question was answered with.</summary>
        public TResult Result<TResult>(JsonTypeInfo<TResult> json) =>
            JsonSerializer.Deserialize(Answer!.Value.Text, json)!;
    }

    /// <summary>A command that it sent was refused.</summary>
    public sealed record Refused(string Command, string Code) : SagaInput;

    /// <summary>The stage has not been left within its limit. Left without a row, this leads to compensation.</summary>
    public sealed record TimedOut : SagaInput;

    /// <summary>
    /// A person wants what was done to be undone. Left without a row, this leads to compensation; a saga that is past
    /// the point of no return refuses, one that does not know finds out first.
    /// </summary>
    public sealed record AskedBack : SagaInput;

    /// <summary>Something was asked of it from outside; each saga has its own.</summary>
    /// <param name="Name">How it is recorded, for example <c>requested</c>.</param>
    public abstract record Request(string Name) : SagaInput;
}

/// <summary>What reaches a saga's grain, and why.</summary>
/// <param name="Saga">The saga's stream.</param>
/// <param name="Context">Who asked for it.</param>
public abstract record SagaCommand(StreamName Saga, CommandContext Context)
{
    /// <summary>Something was asked of it from outside.</summary>
    public sealed record Take(StreamName Saga, CommandContext Context, SagaInput.Request Input)
        : SagaCommand(Saga, Context);

    /// <summary>A command was answered: done, unless there is a refusal.</summary>
    public sealed record Hear(
        StreamName Saga,
        CommandContext Context,
        Guid CommandId,
        int Attempt,
        string? Refusal,
        RawJson? Result = null) : SagaCommand(Saga, Context);

    /// <summary>A deadline has passed. A stale epoch changes nothing.</summary>
    public sealed record TimeOut(StreamName Saga, CommandContext Context, int Epoch) : SagaCommand(Saga, Context);

    /// <summary>A person wants what the saga is stuck on to be tried again.</summary>
    public sealed record Retry(StreamName Saga, CommandContext Context) : SagaCommand(Saga, Context);

    /// <summary>
    /// A person wants what was done to be undone. Where undoing something was refused, that person has dealt with it by
    /// hand, and the rest is undone.
    /// </summary>
    public sealed record Undo(StreamName Saga, CommandContext Context) : SagaCommand(Saga, Context);

    /// <summary>
    /// A person has found out what became of a command that is not answered, and says so: from then on that is its
    /// answer. A success that comes all the same is undone; what has nothing to undo it calls for a person.
    /// </summary>
    /// <param name="IsQuestion">Whether its answer has a result, which nobody can say instead.</param>
    public sealed record Settle(
        StreamName Saga, CommandContext Context, Guid CommandId, CommandOutcome Outcome, bool IsQuestion)
        : SagaCommand(Saga, Context)
    {
        /// <summary>The code under which a command is refused that a person has settled as not done.</summary>
        public const string NotDone = "settled-as-not-done";
    }
}

/// <summary>What became of a command, as a person says it.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CommandOutcome>))]
[GenerateSerializer, Alias("waybill.saga-command-outcome")]
public enum CommandOutcome
{
    /// <summary>It took effect.</summary>
    [JsonStringEnumMemberName("done")] Done,

    /// <summary>It did not, and will not.</summary>
    [JsonStringEnumMemberName("not-done")] NotDone,
}
