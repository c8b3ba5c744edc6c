namespace Waybill.EventStore;

/// <summary>
/// An event to append. Its id is fixed before the first attempt, so that an append whose answer was lost is recognised
/// when it is tried again.
/// </summary>
/// <param name="EventId">A UUIDv7.</param>
/// <param name="Event">The event itself; its type carries an <see cref="EventTypeAttribute"/>.</param>
/// <param name="Metadata">Where it comes from.</param>
public sealed record NewEvent(Guid EventId, object Event, EventMetadata Metadata);

/// <summary>What led to an event.</summary>
/// <param name="CommandId">The command that was decided.</param>
/// <param name="CorrelationId">Ties together everything that one request from outside set off.</param>
/// <param name="CausationId">The command or event that led to the command; null if it came from outside.</param>
/// <param name="Actor">The subject that asked.</param>
/// <param name="SagaId">The saga on whose behalf the command was sent.</param>
/// <param name="TraceParent">The W3C trace context of the caller.</param>
[GenerateSerializer, Immutable, Alias("waybill.event-metadata")]
public sealed record EventMetadata(
    Guid CommandId,
    string CorrelationId,
    string? CausationId,
    string Actor,
    string? SagaId = null,
    string? TraceParent = null);
