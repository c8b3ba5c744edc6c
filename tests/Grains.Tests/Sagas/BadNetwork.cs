using System.Collections.Concurrent;
using Orleans.Runtime;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Tests.Grains.Sagas;

/// <summary>
/// A network between sagas and whom they ask that loses 30 % of what is sent or answered, and doubles and reorders half
/// of it.
/// </summary>
internal sealed class BadNetwork
{
    private readonly SagaCluster _cluster;
    private readonly ConcurrentBag<Func<IGrainFactory, Task<Answer>>> _copies = [];
    private int _sent;

    /// <summary>Comes between all sagas of a cluster and whom they ask.</summary>
    public BadNetwork(SagaCluster cluster, int seed)
    {
        _cluster = cluster;
        // Half of what is sent is sent again, later: when something else is sent, or at the end.
        cluster.Wire.Repeat = copy =>
        {
            if (new Random(unchecked(seed + Interlocked.Increment(ref _sent))).Next(2) == 0)
                _copies.Add(copy);
        };
        cluster.Wire.Send = async (_, send) =>
        {
            var random = new Random(unchecked(seed - Interlocked.Increment(ref _sent)));
            if (random.Next(2) == 0)
                await DeliverCopy();
            if (random.Next(100) < 15)
                throw new TimeoutException("The command was lost.");
            var answer = await send();
            return random.Next(100) < 15 ? throw new TimeoutException("The answer was lost.") : answer;
        };
    }

    /// <summary>Delivers what is still under way.</summary>
    public async Task DeliverAll()
    {
        while (!_copies.IsEmpty)
            await DeliverCopy();
    }

    /// <summary>Asks a grain until it answers, though its silo dies.</summary>
    public static async Task<Outcome<TView>> UntilAnswered<TView>(Func<Task<Outcome<TView>>> ask)
        where TView : class
    {
        while (true)
        {
            try
            {
                if (await ask() is { Status: not OutcomeStatus.Unavailable } answer)
                    return answer;
            }
            catch (Exception error) when (error is OrleansException or TimeoutException)
            {
                // Its silo has died; the next one is asked.
            }
        }
    }

    private async Task DeliverCopy()
    {
        try
        {
            if (_copies.TryTake(out var copy))
                await copy(_cluster.Cluster.Client);
        }
        catch (Exception error) when (error is OrleansException or TimeoutException)
        {
            // It was lost with its silo.
        }
    }
}
