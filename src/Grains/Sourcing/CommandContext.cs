namespace Waybill.Grains.Sourcing;

/// <summary>Who asks for a command, why, and under which conditions.</summary>
/// <param name="CommandId">
/// Names this one wish: a command whose id the stream has already recorded is answered with what it did then.
/// </param>
/// <param name="CorrelationId">Ties together everything that one request from outside set off.</param>
/// <param name="CausationId">The command or event that led to this command; null if it came from outside.</param>
/// <param name="Actor">The subject that asked.</param>
/// <param name="ExpectedVersion">The version the caller last saw (<c>If-Match</c>); null if any will do.</param>
/// <param name="TraceParent">The W3C trace context of the caller.</param>
/// <param name="SagaId">The saga on whose behalf the command is sent.</param>
[GenerateSerializer, Immutable, Alias("waybill.command-context")]
public sealed record CommandContext(
    Guid CommandId,
    string CorrelationId,
    string? CausationId,
    string Actor,
    long? ExpectedVersion = null,
    string? TraceParent = null,
    string? SagaId = null);
