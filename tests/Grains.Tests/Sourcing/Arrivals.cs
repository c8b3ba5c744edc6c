using System.Collections.Concurrent;
using Orleans.Runtime;

namespace Waybill.Tests.Grains.Sourcing;

/// <summary>Counts the calls of each grain that have come as far as they get without waiting: a barrier.</summary>
public sealed class Arrivals : IIncomingGrainCallFilter
{
    private readonly ConcurrentDictionary<string, Arrived> _byGrain = new();

    public Arrived Of(string id) => _byGrain.GetOrAdd(id, _ => new());

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        var call = context.Invoke();
        Of(context.TargetId.Key.ToString()!).Add();
        await call;
    }

    public sealed class Arrived
    {
        // Guards both fields.
        private readonly Lock _lock = new();
        private readonly List<(int Count, TaskCompletionSource Reached)> _barriers = [];
        private int _count;

        public int Count
        {
            get
            {
                lock (_lock)
                    return _count;
            }
        }

        /// <summary>Completes when so many calls have arrived since the beginning.</summary>
        public Task Reached(int count)
        {
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_lock)
            {
                _barriers.Add((count, reached));
                OpenBarriers();
            }
            return reached.Task.WaitAsync(FakeTimeProvider.BarrierLimit);
        }

        public void Add()
        {
            lock (_lock)
            {
                _count++;
                OpenBarriers();
            }
        }

        private void OpenBarriers()
        {
            foreach (var (_, reached) in _barriers.Where(barrier => barrier.Count <= _count))
                reached.TrySetResult();
        }
    }
}
