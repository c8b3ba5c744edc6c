using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Waybill.Grains.Sourcing.Sagas;
using static Waybill.Grains.Sourcing.Sagas.SagaInput;

namespace Waybill.Tests.Grains.Sagas;

/// <summary>A saga that asks a question, and decides on the answer.</summary>
public sealed record Poll(IReadOnlyList<string> Names) : ISaga<Poll>
{
    public static string Category => "poll";

    public static Poll Initial { get; } = new([]);

    public static JsonTypeInfo<Poll> DataJson => PollJson.Default.Poll;

    public static JsonTypeInfo<Saga<Poll>> Json => PollJson.Default.SagaPoll;

    public static IReadOnlyList<string> Plan { get; } = ["ask", "tell"];

    public static MessageType<Poll> Ask { get; } = new(
        "poll.ask",
        PollJson.Default.Poll,
        (_, _, asked, _) => Task.FromResult(Answer.Of(asked, PollJson.Default.Poll)),
        isQuestion: true);

    public static Step React(Saga<Poll> saga, SagaInput input) => (saga.Stage, input) switch
    {
        ("", Begun) => saga.To("asking").Send("ask", Ask.To("crowd", Initial)),
        ("asking", Done answered) when answered.Result(DataJson) is { Names: [var first, ..] } poll =>
            saga.To("telling", poll).Send("tell", Ask.To(first, poll)),
        ("asking", Done) => saga.Compensate("nobody"),
        ("telling", Done) => saga.Complete(),
        _ => Step.Ignored,
    };

    public sealed record Begun() : SagaInput.Request("begun");
}

[JsonSerializable(typeof(Poll))]
[JsonSerializable(typeof(Saga<Poll>))]
internal sealed partial class PollJson : JsonSerializerContext;
