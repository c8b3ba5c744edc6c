using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.EventStore.Streams;
using Waybill.Grains.Sourcing.Projections;

namespace Waybill.Grains.Sourcing.Sagas;

/// <summary>A saga in the list of all.</summary>
/// <param name="SagaId">The name of its stream, for example <c>transfer-t1</c>.</param>
/// <param name="Type">Its type.</param>
/// <param name="Status">
/// How it stands, in lower case; <see cref="SagaList.Stuck"/> if a person must deal with it.
/// </param>
/// <param name="Stage">Where it stands on its way forward, or stood before it went back.</param>
/// <param name="Reason">What a person must deal with, or else why it goes back or has ended as it did.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="ChangedAt">When it took its last step.</param>
/// <param name="StartedPosition">The log position of its first step: the list's order.</param>
public sealed record SagaRow(
    string SagaId,
    string Type,
    string Status,
    string Stage,
    string? Reason,
    DateTimeOffset StartedAt,
    DateTimeOffset ChangedAt,
    long StartedPosition);

/// <summary>The sagas that there are and were, of all types.</summary>
public sealed class SagaList : IProjection<SagaRow>
{
    /// <summary>The status of those that wait for a person.</summary>
    public const string Stuck = "stuck";

    /// <inheritdoc/>
    public static ReadModel<SagaRow> Model { get; } = new(
        "saga_list",
        1,
        [nameof(SagaRow.SagaId)],
        [[nameof(SagaRow.Status), nameof(SagaRow.StartedPosition)], [nameof(SagaRow.StartedPosition)]]);

    /// <inheritdoc/>
    public static RowKey? KeyOf(StoredEvent stored) =>
        SagaEvent.IsOf(stored) ? (RowKey?)stored.Stream.ToString() : null;

    /// <inheritdoc/>
    public static SagaRow? Apply(SagaRow? row, RecordedEvent recorded)
    {
        var step = (SagaEvent.Stepped)recorded.Event;
        var begun = row ?? new(
            recorded.Stream.ToString(), recorded.Stream.Category, "", "", null, recorded.Time, recorded.Time,
            recorded.Position);
        return begun with
        {
            Status = step.Stuck is null ? StatusName(step.Status) : Stuck,
            Stage = step.Stage,
            Reason = step.Stuck ?? step.Reason,
            ChangedAt = recorded.Time,
        };
    }

    /// <summary>A status as it stands in the list.</summary>
    public static string StatusName(SagaStatus status) => status.ToString().ToLowerInvariant();
}

/// <summary>The host of <see cref="SagaList"/> for one queue.</summary>
[Alias("waybill.saga-list")]
public interface ISagaListGrain : IProjectionGrain;

/// <inheritdoc cref="ISagaListGrain"/>
[ImplicitStreamSubscription(EventStreams.LogNamespace)]
public sealed class SagaListGrain(ProjectionAccess access)
    : ProjectionGrain<SagaList, SagaRow>(access), ISagaListGrain;
