using Waybill.Tests.Grains.Sagas;

namespace Waybill.Tests.Grains.Rides;

/// <summary>Random histories of rides and drivers: what is lost, doubled, late, declined, called off.</summary>
public sealed class DispatchHistoryTests(ITestOutputHelper output)
{
    [Fact]
    public void Two_rides_never_have_one_driver_and_every_ride_ends_with_its_driver_free() =>
        Histories.Check(output, DispatchWorld.Live, count: 2_000);
}
