using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Waybill.Grains.Sourcing.Sagas;
using static Waybill.Grains.Sourcing.Sagas.SagaInput;

namespace Waybill.Grains.Sourcing.Reactions;

/// <summary>
/// One reaction to one event, on its way: a saga of one command. So a reaction has all that sagas have: it is kept
/// until it is answered, under one id, and calls for a person when it is refused.
/// </summary>
/// <param name="Name">The reaction.</param>
/// <param name="Category">The event's stream.</param>
/// <param name="Id">The event's stream.</param>
/// <param name="Version">The event's version in it.</param>
/// <param name="Retry">How often it is tried again when it is refused; null if it is not.</param>
/// <param name="Attempts">How often it has been tried.</param>
[GenerateSerializer, Immutable, Alias("waybill.reaction")]
public sealed record Reaction(
    string Name,
    string Category,
    string Id,
    long Version,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] RetryPolicy? Retry = null,
    int Attempts = 1) : ISaga<Reaction>
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private TimeSpan? Pause => Retry?.PauseAfter(Attempts);

    private Reaction Again => this with { Attempts = Attempts + 1 };

    static string ISaga<Reaction>.Category => "reaction";

    /// <inheritdoc/>
    public static Reaction Initial { get; } = new("", "", "", 0);

    /// <inheritdoc/>
    public static JsonTypeInfo<Reaction> DataJson => ReactionJson.Default.Reaction;

    /// <inheritdoc/>
    public static JsonTypeInfo<Saga<Reaction>> Json => ReactionJson.Default.SagaReaction;

    /// <inheritdoc/>
    public static IReadOnlyList<string> Plan { get; } = ["react"];

    /// <inheritdoc/>
    public static Step React(Saga<Reaction> saga, SagaInput input) => (saga.Stage, input) switch
    {
        ("", Happened { Reaction: var reaction }) => saga.To("reacting", reaction)
            .Send("react", ReactionMessage.React.For(reaction)).Within(Limit),
        (_, Done { Command: "react" }) => saga.Complete(),
        // What is sent is sent until it is answered; a success that comes even now counts.
        ("giving-up", Done) => saga.Commands[0].Status is CommandStatus.Done
            ? saga.Complete()
            : saga.Compensate("given-up"),
        ("giving-up", Refused { Command: "give-up" } refused) => saga.Stop($"{refused.Command}: {refused.Code}"),
        ("giving-up", TimedOut) => saga.To("giving-up").Within(Limit),
        ("giving-up", AskedBack) => saga.To("giving-up").Repeat(saga.Commands[^1]).Within(Limit),
        (_, AskedBack) => saga.To("giving-up").Send("give-up", ReactionMessage.GiveUp.For(saga.Data)).Within(Limit),
        ("reacting", Refused) when saga.Data.Pause is { } pause => saga.To("waiting", saga.Data.Again).Within(pause),
        ("reacting", Refused refused) => saga.Stop($"{refused.Command}: {refused.Code}"),
        // An earlier copy may have taken effect since.
        ("waiting", TimedOut) when saga.Commands[0].Status is CommandStatus.Done => saga.Complete(),
        ("waiting", TimedOut) => saga.To("reacting").Repeat(saga.Commands[0]).Within(Limit),
        // It is being sent all the time, but nobody answers.
        ("reacting", TimedOut) when saga.Data.Pause is { } pause =>
            saga.To("reacting", saga.Data.Again).Within(pause + Limit),
        ("reacting", TimedOut) => saga.Stop("timed-out"),
        _ => Step.Ignored,
    };

    /// <summary>What it reacts to has happened.</summary>
    public sealed record Happened(Reaction Reaction) : SagaInput.Request("happened");
}

/// <summary>The JSON of reactions; stored for ever.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Reaction))]
[JsonSerializable(typeof(Saga<Reaction>))]
internal sealed partial class ReactionJson : JsonSerializerContext;
