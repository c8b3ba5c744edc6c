using System.Text.Json.Serialization;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Api.Transfers;

/// <summary>A step of a saga as clients see it.</summary>
internal sealed record StepBody(
    string Name,
    Guid CommandId,
    string Type,
    string Target,
    CommandStatus Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Code,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Undoes)
{
    public static StepBody Of(ExplainedStep step) =>
        new(step.Name, step.CommandId, step.Type, step.Target, step.Status, step.Code, step.Undoes);
}
