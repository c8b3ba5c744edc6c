using Waybill.EventStore.Streams;
using Waybill.Grains.Sourcing.Projections;

namespace Waybill.Tests.Grains.Projections;

[Alias("tally")]
public interface ITallyGrain : IProjectionGrain;

[ImplicitStreamSubscription(EventStreams.LogNamespace)]
public sealed class TallyGrain(ProjectionAccess access) : ProjectionGrain<Tally, TallyRow>(access), ITallyGrain;
