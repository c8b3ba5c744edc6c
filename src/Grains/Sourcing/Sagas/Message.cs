using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Waybill.Grains.Sourcing.Sagas;

/// <summary>A command to a grain as it is recorded before it is sent.</summary>
/// <param name="Type">What is asked, as it is stored for ever: for example <c>account.withdraw</c>.</param>
/// <param name="Target">The key of the grain.</param>
/// <param name="Payload">The rest of what is asked.</param>
[GenerateSerializer, Immutable, Alias("waybill.message")]
public sealed record Message(string Type, string Target, RawJson Payload);

/// <summary>How a message was answered.</summary>
public enum AnswerStatus
{
    /// <summary>It took effect, now or earlier.</summary>
    Done,

    /// <summary>A rule says no.</summary>
    Refused,

    /// <summary>What became of it is not known; it may be sent again under the same id.</summary>
    Unknown,
}

/// <summary>The answer to a message.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Code">Why, unless it is done.</param>
/// <param name="Result">What a question was answered with.</param>
public readonly record struct Answer(AnswerStatus Status, string? Code, RawJson? Result = null)
{
    /// <summary>The answer to a question. It is recorded, so that it should be small.</summary>
    public static Answer Of<TResult>(TResult result, JsonTypeInfo<TResult> json) =>
        new(AnswerStatus.Done, null, new(JsonSerializer.Serialize(result, json)));

    /// <summary>What an outcome says to whoever sent a message.</summary>
    public static Answer Of<TView>(Outcome<TView> outcome)
        where TView : class => outcome.Status switch
        {
            OutcomeStatus.Accepted => new(AnswerStatus.Done, null),
            OutcomeStatus.Unavailable => new(AnswerStatus.Unknown, outcome.Code),
            _ => new(AnswerStatus.Refused, outcome.Code),
        };
}

/// <summary>A kind of message that can be recorded and sent.</summary>
public abstract class MessageType(string name)
{
    /// <summary>The stored name.</summary>
    public string Name { get; } = name;

    /// <summary>Whether its answer has a result, which no event can tell a saga instead.</summary>
    public virtual bool IsQuestion => false;

    /// <summary>Sends a recorded message of this type.</summary>
    public abstract Task<Answer> Send(IGrainFactory grains, Message message, CommandContext context);
}

/// <inheritdoc/>
/// <param name="name">The stored name.</param>
/// <param name="json">The payload's JSON; stored for ever, so a shape that has shipped takes a new name.</param>
/// <param name="send">Calls the grain.</param>
/// <param name="isQuestion">Whether its answer has a result.</param>
public sealed class MessageType<TPayload>(
    string name,
    JsonTypeInfo<TPayload> json,
    Func<IGrainFactory, string, TPayload, CommandContext, Task<Answer>> send,
    bool isQuestion = false) : MessageType(name)
    where TPayload : class
{
    /// <inheritdoc/>
    public override bool IsQuestion => isQuestion;

    /// <summary>A message to one grain.</summary>
    public Message To(string target, TPayload payload) =>
        new(Name, target, new(JsonSerializer.Serialize(payload, json)));

    /// <inheritdoc/>
    public override Task<Answer> Send(IGrainFactory grains, Message message, CommandContext context) => send(
        grains,
        message.Target,
        JsonSerializer.Deserialize(message.Payload.Text, json) ?? throw new JsonException("The payload is null."),
        context);
}

/// <summary>Sends recorded messages, whatever their type.</summary>
public sealed class MessageTypes(IEnumerable<MessageType> types)
{
    private readonly FrozenDictionary<string, MessageType> _byName = types.ToFrozenDictionary(type => type.Name);

    internal bool IsQuestion(Message message) => _byName.GetValueOrDefault(message.Type)?.IsQuestion is true;

    /// <exception cref="InvalidOperationException">No such type is registered: a bug.</exception>
    /// <exception cref="JsonException">The payload does not fit the type.</exception>
    internal Task<Answer> Send(IGrainFactory grains, Message message, CommandContext context) =>
        _byName.TryGetValue(message.Type, out var type)
            ? type.Send(grains, message, context)
            : throw new InvalidOperationException($"No message type {message.Type} is registered.");
}
