using System.Text.Json;
using Waybill.EventStore;
using Waybill.Grains;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Tests.Grains.Sagas;

/// <summary>
/// One saga, driven by hand. Each event passes through its stored form, so that nothing is lost there.
/// </summary>
public sealed class SagaSpecification<TSaga>(string id)
    where TSaga : class, ISaga<TSaga>
{
    private readonly StreamName _stream = new(TSaga.Category, id);
    private int _inputs;

    public Saga<TSaga> Saga { get; private set; } = Saga<TSaga>.Initial;

    public List<SagaEvent.Stepped> Log { get; } = [];

    public DateTimeOffset Now { get; set; } = SagaSpecification.Now;

    /// <summary>What is sent and not answered: name, type, target.</summary>
    public IEnumerable<string> Unanswered() =>
        Saga.Unanswered.Select(command => $"{command.Name} {command.Message.Type} {command.Message.Target}");

    public Decision<SagaEvent> Take(SagaInput.Request input) => Decide(new SagaCommand.Take(_stream, Context(), input));

    public void Done(string name) => Repeat(name).Events.ShouldHaveSingleItem();

    public void Answered(string name, string result) =>
        Hear(Find(name).Id, 1, null, new RawJson(result)).Events.ShouldHaveSingleItem();

    public void Refused(string name, string code)
    {
        var command = Find(name);
        Hear(command.Id, command.Attempt, code).Events.ShouldHaveSingleItem();
    }

    public Decision<SagaEvent> Repeat(string name) => Hear(Find(name).Id, 1, null);

    public Decision<SagaEvent> Hear(Guid commandId, int attempt, string? refusal, RawJson? result = null) =>
        Decide(new SagaCommand.Hear(_stream, Context(), commandId, attempt, refusal, result));

    public Decision<SagaEvent> TimeOut(int? epoch = null) =>
        Decide(new SagaCommand.TimeOut(_stream, Context(), epoch ?? Saga.Deadline!.Epoch));

    public Decision<SagaEvent> Retry() => Decide(new SagaCommand.Retry(_stream, Context()));

    public Decision<SagaEvent> Undo() => Decide(new SagaCommand.Undo(_stream, Context()));

    public Decision<SagaEvent> Settle(string name, CommandOutcome outcome) => Settle(Find(name).Id, outcome);

    public Decision<SagaEvent> Settle(Guid commandId, CommandOutcome outcome, bool isQuestion = false) =>
        Decide(new SagaCommand.Settle(_stream, Context(), commandId, outcome, isQuestion));

    private CommandState Find(string name) => Saga.Commands.Last(command => command.Name == name);

    private CommandContext Context() => new(NameBasedId.Of(_stream, ++_inputs), "correlation", null, "ann");

    private Decision<SagaEvent> Decide(SagaCommand command)
    {
        var decision = Saga<TSaga>.Decide(command, Saga, Now);
        foreach (var happened in decision.Events)
        {
            var stored = JsonSerializer.Serialize(happened, SagaEventJson.Default.Stepped);
            var read = JsonSerializer.Deserialize(stored, SagaEventJson.Default.Stepped)!;
            Log.Add(read);
            Saga = Saga<TSaga>.Evolve(Saga, read);
        }
        return decision;
    }
}

public static class SagaSpecification
{
    public static DateTimeOffset Now { get; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
}
