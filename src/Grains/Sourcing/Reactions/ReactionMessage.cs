using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Waybill.EventStore;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Grains.Sourcing.Reactions;

/// <summary>
/// A message of a reaction: it reads the event, asks the reaction, and sends what that says. So a reaction that failed
/// is asked anew when it is tried again, by whatever code runs then.
/// </summary>
internal abstract class ReactionMessage(
    string name, IServiceProvider services, IEventStore store, EventTypes types, IEnumerable<ReactionRule> rules)
    : MessageType(name)
{
    // A code is no place for a stack; enough to tell one cause from another.
    private const int ReasonLengthMax = 200;

    /// <inheritdoc/>
    public sealed override async Task<Answer> Send(IGrainFactory grains, Message message, CommandContext context)
    {
        var reaction = JsonSerializer.Deserialize(message.Payload.Text, ReactionJson.Default.Reaction)!;
        if (rules.FirstOrDefault(rule => rule.Name == reaction.Name) is not { } rule)
            return new(AnswerStatus.Refused, "reaction-unknown");
        var stored = await store.ReadStreamAsync(
            new StreamName(reaction.Category, reaction.Id), reaction.Version, reaction.Version).FirstAsync();
        // What took effect is not asked anew: by now the code may say something else.
        if ((await store.ReadCommandAsync(context.CommandId)).Count > 0)
            return new(AnswerStatus.Done, null);
        RecordedEvent recorded;
        Message? command;
        try
        {
            recorded = types.Read(stored);
            command = Ask(rule, recorded);
        }
        catch (Exception error) // The data cannot be read, or the reaction is wrong: a person must see to it.
        {
            var reason = $"{error.GetType().Name}: {error.Message}";
            return new(AnswerStatus.Refused, reason.Length > ReasonLengthMax ? reason[..ReasonLengthMax] : reason);
        }
        if (command is null)
            return new(AnswerStatus.Done, null);
        var messages = services.GetRequiredService<MessageTypes>(); // They are made of this one among others.
        var answer = await messages.Send(grains, command, context with { CausationId = $"{stored.EventId}" });
        if (answer is not { Status: AnswerStatus.Refused, Code: { } code }
            || WhenRefused(rule, recorded, code) is not { } notice)
            return answer;
        // The refusal counts once it has been told. The notice is another command each time: it may be news again.
        var told = await messages.Send(
            grains, notice, context with { CommandId = Guid.CreateVersion7(), CausationId = $"{context.CommandId}" });
        return told.Status is AnswerStatus.Unknown ? told : answer;
    }

    protected abstract Message? Ask(ReactionRule rule, RecordedEvent recorded);

    protected virtual Message? WhenRefused(ReactionRule rule, RecordedEvent recorded, string code) => null;

    /// <summary>What the event leads to.</summary>
    public sealed class React(
        IServiceProvider services, IEventStore store, EventTypes types, IEnumerable<ReactionRule> rules)
        : ReactionMessage(MessageName, services, store, types, rules)
    {
        private const string MessageName = "reaction.react";

        public static Message For(Reaction reaction) => Make(MessageName, reaction);

        protected override Message? Ask(ReactionRule rule, RecordedEvent recorded) => rule.To(recorded);

        protected override Message? WhenRefused(ReactionRule rule, RecordedEvent recorded, string code) =>
            rule.WhenRefused(recorded, code);
    }

    /// <summary>That it was given up.</summary>
    public sealed class GiveUp(
        IServiceProvider services, IEventStore store, EventTypes types, IEnumerable<ReactionRule> rules)
        : ReactionMessage(MessageName, services, store, types, rules)
    {
        private const string MessageName = "reaction.give-up";

        public static Message For(Reaction reaction) => Make(MessageName, reaction);

        protected override Message? Ask(ReactionRule rule, RecordedEvent recorded) => rule.WhenGivenUp(recorded);
    }

    private static Message Make(string name, Reaction reaction) =>
        new(name, reaction.Name, new(JsonSerializer.Serialize(reaction, ReactionJson.Default.Reaction)));
}

/// <summary>A reaction as it was registered.</summary>
internal sealed record ReactionRule(
    string Name,
    Func<RecordedEvent, Message?> To,
    Func<RecordedEvent, string, Message?> WhenRefused,
    Func<RecordedEvent, Message?> WhenGivenUp);
