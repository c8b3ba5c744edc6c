using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Waybill.EventStore;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Grains.Sourcing.Reactions;

/// <summary>
/// The message of a reaction: it reads the event, asks the reaction, and sends what that says. So a reaction that
/// failed is asked anew when it is tried again, by whatever code runs then.
/// </summary>
internal sealed class ReactionMessage(
    IServiceProvider services, IEventStore store, EventTypes types, IEnumerable<ReactionRule> rules)
    : MessageType(MessageName)
{
    private const string MessageName = "reaction.react";

    // A code is no place for a stack; enough to tell one cause from another.
    private const int ReasonLengthMax = 200;

    public static Message For(Reaction reaction) =>
        new(MessageName, reaction.Name, new(JsonSerializer.Serialize(reaction, ReactionJson.Default.Reaction)));

    /// <inheritdoc/>
    public override async Task<Answer> Send(IGrainFactory grains, Message message, CommandContext context)
    {
        var reaction = JsonSerializer.Deserialize(message.Payload.Text, ReactionJson.Default.Reaction)!;
        if (rules.FirstOrDefault(rule => rule.Name == reaction.Name) is not { } rule)
            return new(AnswerStatus.Refused, "reaction-unknown");
        var stored = await store.ReadStreamAsync(
            new StreamName(reaction.Category, reaction.Id), reaction.Version, reaction.Version).FirstAsync();
        Message? command;
        try
        {
            command = rule.To(types.Read(stored));
        }
        catch (Exception error) // The data cannot be read, or the reaction is wrong: a person must see to it.
        {
            var reason = $"{error.GetType().Name}: {error.Message}";
            return new(AnswerStatus.Refused, reason.Length > ReasonLengthMax ? reason[..ReasonLengthMax] : reason);
        }
        if (command is null)
            return new(AnswerStatus.Done, null);
        // Messages are made of this one among others.
        return await services.GetRequiredService<MessageTypes>().Send(
            grains, command, context with { CausationId = $"{stored.EventId}" });
    }
}

/// <summary>A reaction as it was registered.</summary>
internal sealed record ReactionRule(string Name, Func<RecordedEvent, Message?> To);
