using Waybill.EventStore.Streams;
using Waybill.Grains.Sourcing.Projections;

namespace Waybill.Grains.Accounts;

/// <summary>The host of <see cref="Statement"/> for one queue.</summary>
[Alias("waybill.statement")]
public interface IStatementGrain : IProjectionGrain;

/// <inheritdoc cref="IStatementGrain"/>
[ImplicitStreamSubscription(EventStreams.LogNamespace)]
public sealed class StatementGrain(ProjectionAccess access)
    : ProjectionGrain<Statement, StatementRow>(access), IStatementGrain;
