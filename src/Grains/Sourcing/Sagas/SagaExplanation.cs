namespace Waybill.Grains.Sourcing.Sagas;

/// <summary>A saga as it explains itself.</summary>
/// <param name="SagaId">The name of its stream, for example <c>transfer-t1</c>.</param>
/// <param name="Type">Its type.</param>
/// <param name="Status">How it stands.</param>
/// <param name="Stage">Where it stands on its way forward, or stood before it went back.</param>
/// <param name="Steps">The commands that it has sent, compensations among them, in order.</param>
/// <param name="Unanswered">The ids of the commands whose outcome a person can settle.</param>
/// <param name="ToCome">The names of the commands that are to come, if nothing goes wrong from here.</param>
/// <param name="Deadline">When what is under way has taken too long.</param>
/// <param name="Reason">Why it goes back or has ended as it did.</param>
/// <param name="Stuck">What a person must deal with; null if nothing.</param>
[GenerateSerializer, Immutable, Alias("waybill.saga-explanation")]
public sealed record SagaExplanation(
    string SagaId,
    string Type,
    SagaStatus Status,
    string Stage,
    IReadOnlyList<ExplainedStep> Steps,
    IReadOnlyList<Guid> Unanswered,
    IReadOnlyList<string> ToCome,
    DateTimeOffset? Deadline,
    string? Reason,
    string? Stuck)
{
    internal static SagaExplanation Of<TSaga>(Saga<TSaga> saga)
        where TSaga : class, ISaga<TSaga> => new(
            $"{TSaga.Category}-{saga.Origin?.Id}",
            TSaga.Category,
            saga.Status,
            saga.Stage,
            [
                .. from command in saga.Commands
                   let undoes = saga.Commands.FirstOrDefault(other => other.Id == command.Undoes)?.Name
                   select new ExplainedStep(
                       command.Name,
                       command.Id,
                       command.Message.Type,
                       command.Message.Target,
                       command.Status,
                       command.Code,
                       undoes),
            ],
            [.. saga.Unanswered.Select(command => command.Id)],
            [.. ToComeIn(saga)],
            saga.Deadline?.At,
            saga.Reason,
            saga.Stuck);

    private static IEnumerable<string> ToComeIn<TSaga>(Saga<TSaga> saga)
        where TSaga : class, ISaga<TSaga> => saga.Status switch
        {
            SagaStatus.Running => TSaga.Plan.Except(saga.Commands.Select(command => command.Name.Split(':')[0])),
            SagaStatus.Compensating =>
                from command in saga.Commands.Reverse()
                where command is { Status: CommandStatus.Done or CommandStatus.Sent, Undo: not null }
                    && saga.Commands.All(other => other.Undoes != command.Id)
                select $"undo-{command.Name}",
            _ => [],
        };
}

/// <summary>A command that a saga has sent.</summary>
/// <param name="Name">Its name within the saga.</param>
/// <param name="CommandId">The id under which it is sent.</param>
/// <param name="Type">What is asked.</param>
/// <param name="Target">Of which grain.</param>
/// <param name="Status">How it stands.</param>
/// <param name="Code">Why it was refused.</param>
/// <param name="Undoes">The name of the command that it undoes.</param>
[GenerateSerializer, Immutable, Alias("waybill.saga-step")]
public sealed record ExplainedStep(
    string Name,
    Guid CommandId,
    string Type,
    string Target,
    CommandStatus Status,
    string? Code,
    string? Undoes);
