using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Projections;
using Waybill.Grains.Sourcing.Sagas;
using static Waybill.Grains.Sourcing.Sagas.SagaInput;

namespace Waybill.Grains.Notifications;

/// <summary>
/// A notification that its receiver refused. It is sent once more, and then waits for a person, who has it sent again
/// (retry) or lets it go (compensate): a saga of one command, so that it has the list, the verbs and the story of any.
/// </summary>
/// <param name="Id">The event that it is about.</param>
/// <param name="Body">What the customer is told.</param>
[GenerateSerializer, Immutable, Alias("waybill.undelivered")]
public sealed record Undelivered(Guid Id, string Body) : ISaga<Undelivered>
{
    // It is being sent all the time while the receiver does not answer.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    static string ISaga<Undelivered>.Category => "notification";

    /// <inheritdoc/>
    public static Undelivered Initial { get; } = new(Guid.Empty, "");

    /// <inheritdoc/>
    public static JsonTypeInfo<Undelivered> DataJson => UndeliveredJson.Default.Undelivered;

    /// <inheritdoc/>
    public static JsonTypeInfo<Saga<Undelivered>> Json => UndeliveredJson.Default.SagaUndelivered;

    /// <inheritdoc/>
    public static IReadOnlyList<string> Plan { get; } = ["send"];

    static TimeSpan ISaga<Undelivered>.CompensationLimit => Limit;

    /// <inheritdoc/>
    public static Step React(Saga<Undelivered> saga, SagaInput input) => (saga.Stage, input) switch
    {
        ("", WasRefused { Notification: var notification }) => saga.To("sending", notification)
            .Send("send", UndeliveredMessage.For(notification)).Within(Limit),
        ("sending", Done) => saga.Complete(),
        ("sending", Refused refused) => saga.Stop(refused.Code),
        ("sending", TimedOut) => saga.Stop("timed-out"),
        _ => Step.Ignored,
    };

    /// <summary>It was refused.</summary>
    public sealed record WasRefused(Undelivered Notification) : SagaInput.Request("was-refused");
}

/// <summary>A notification that its receiver refused. The grain's key is the event's id.</summary>
[Alias("waybill.undelivered-grain")]
public interface IUndeliveredGrain : ISagaGrain
{
    /// <summary>Keeps it until it is delivered or let go; kept again it changes nothing.</summary>
    [Alias("keep")]
    Task<Outcome<SagaExplanation>> Keep(CommandContext context, Undelivered notification);
}

/// <inheritdoc/>
[GrainType("notification")]
public sealed class UndeliveredGrain(StoreAccess access, SagaAccess sagas)
    : SagaGrain<Undelivered, SagaExplanation>(access, sagas), IUndeliveredGrain
{
    /// <inheritdoc/>
    public Task<Outcome<SagaExplanation>> Keep(CommandContext context, Undelivered notification) =>
        Take(context, new Undelivered.WasRefused(notification));

    /// <inheritdoc/>
    protected override SagaExplanation View(Saga<Undelivered> state, long version) => SagaExplanation.Of(state);
}

/// <summary>Sends such a notification.</summary>
internal sealed class UndeliveredMessage(INotificationSender sender) : MessageType(MessageName)
{
    private const string MessageName = "notification.send";

    public static Message For(Undelivered notification) => new(
        MessageName,
        $"{notification.Id}",
        new(JsonSerializer.Serialize(notification, UndeliveredJson.Default.Undelivered)));

    /// <inheritdoc/>
    public override async Task<Answer> Send(IGrainFactory grains, Message message, CommandContext context)
    {
        var (id, body) = JsonSerializer.Deserialize(message.Payload.Text, UndeliveredJson.Default.Undelivered)!;
        try
        {
            return await sender.SendAsync(new(id, body), CancellationToken.None) is { } refusal
                ? new(AnswerStatus.Refused, refusal)
                : new(AnswerStatus.Done, null);
        }
        catch (Exception away) when (away is NotifierAwayException or HttpRequestException)
        {
            return new(AnswerStatus.Unknown, null);
        }
    }
}

/// <summary>The JSON of undelivered notifications; stored for ever.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Undelivered))]
[JsonSerializable(typeof(Saga<Undelivered>))]
internal sealed partial class UndeliveredJson : JsonSerializerContext;
