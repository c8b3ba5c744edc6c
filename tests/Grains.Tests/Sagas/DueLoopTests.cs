using Orleans.Hosting;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Grains.Transfers;
using static Waybill.Tests.Grains.Sagas.SagaCluster;

namespace Waybill.Tests.Grains.Sagas;

/// <summary>What looks for sagas to wake.</summary>
public sealed class DueLoopTests : IAsyncLifetime
{
    // A call that hangs is given up by whoever made it after thirty seconds; the others must not wait for that.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TaskCompletionSource _wakes = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ends = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SagaCluster _cluster;

    public DueLoopTests() => _cluster = new()
    {
        Adds = silo => silo.AddIncomingGrainCallFilter(call =>
        {
            if (call.ImplementationMethod.Name != nameof(ISagaGrain.Wake))
                return call.Invoke();
            _wakes.TrySetResult();
            return _ends.Task;
        }),
    };

    public async ValueTask InitializeAsync()
    {
        await _cluster.InitializeAsync();
        await _cluster.Open("ann", 8_00);
        await _cluster.Open("bob", 0);
    }

    public ValueTask DisposeAsync()
    {
        _ends.SetResult(); // Or the silo that is to stop would wait for it as well.
        return _cluster.DisposeAsync();
    }

    [Fact]
    public async Task A_saga_that_does_not_wake_keeps_the_others_asleep_no_longer_than_its_claim_lasts()
    {
        _cluster.Wire.Send = (_, _) => new TaskCompletionSource<Answer>().Task;
        await _cluster.Transfer("t1").Start(Command(), new Transfer("ann", "bob", 5_00, "EUR", null));
        _cluster.Clock.Set(_cluster.Clock.GetUtcNow() + _cluster.Options.CheckPeriod);

        var look = _cluster.WakeDue().WaitAsync(Patience, TestContext.Current.CancellationToken);
        await _wakes.Task; // Or the silo's own look, which the clock sets off, takes the saga before this one does.
        await Until(() =>
        {
            _cluster.Clock.Advance(_cluster.Options.CheckPeriod);
            return Task.FromResult(look.IsCompleted);
        });

        (await look).ShouldBe(1);
    }
}
