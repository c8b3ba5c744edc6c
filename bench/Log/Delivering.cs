using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Streams;
using Orleans.Streams.Core;
using Waybill.EventStore;
using Waybill.EventStore.Streams;
using Waybill.Grains.Accounts;

namespace Waybill.Bench.Log;

/// <summary>How long an event takes to its consumer, counted from when it was due to be appended.</summary>
internal static class Delivering
{
    private const int EventsPerSecond = 500;
    private const int Accounts = 1_000;
    private const int RawWriters = 10;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    internal static async Task RunAsync(Harness harness, Database database, int eventsMax)
    {
        var (arrivals, rawArrivals) = (new Arrivals(), new Arrivals());
        var (ledger, poison, raw) = (NewLedger("good"), NewLedger(Arrivals.Poison, accounts: 1), NewLedger("raw"));
        await ledger.FillAsync(database.Store, length: 1, chunk: 1);
        await using var cluster = await LogBench.DeployAllAsync(
            database, silo => silo.Services.AddSingleton(arrivals));
        using var stop = new CancellationTokenSource();
        var following = database.FollowAsync(rawArrivals.Add, stop.Token);

        var good = new Contender("without it", length => PaceAsync(length, database, arrivals, AppendAsync));
        await harness.CompareAsync(
            $"append to consumer, {EventsPerSecond} events/s",
            Figures.LatencyAndLoad,
            good,
            new Contender(database.Following, length => PaceAsync(length, database, rawArrivals, InsertAsync)));
        await harness.CompareAsync(
            "the same beside a stream whose consumer throws",
            Figures.LatencyAndLoad,
            new Contender("", async length =>
            {
                arrivals.IsPoisonous = true;
                await poison.Next(0).AppendAsync(database.Store);
                var figures = await PaceAsync(length, database, arrivals, AppendAsync);
                arrivals.IsPoisonous = false;
                await arrivals.PoisonGone.WaitAsync(Patience);
                return figures;
            }),
            good);

        await stop.CancelAsync();
        await following;

        Task AppendAsync(long number) => ledger.Next(caller: 0, number).AppendAsync(database.Store);

        Task InsertAsync(long number) => database.InTurnAsync(
            number % RawWriters, writer => database.InsertAsync(writer, raw.Next(caller: 0, number)));
    }

    private static Ledger NewLedger(string prefix, int accounts = Accounts) =>
        new(prefix, accounts, callers: 1, category: ArrivalGrain.Category);

    // An open loop: what is due is appended, whatever became of the ones before.
    private static async Task<double[]> PaceAsync(
        TimeSpan length, Database database, Arrivals arrivals, Func<long, Task> append)
    {
        var count = (int)(EventsPerSecond * length.TotalSeconds);
        List<Task> appends = [];
        var busy = Environment.CpuUsage.TotalTime + database.ServerTime;
        arrivals.Expect(count, EventsPerSecond);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (appends.Count < count && await ticks.WaitForNextTickAsync())
        {
            var due = Math.Min(count, Stopwatch.GetElapsedTime(arrivals.Start).TotalSeconds * EventsPerSecond);
            while (appends.Count < due)
                appends.Add(append(arrivals.First + appends.Count));
        }
        await Task.WhenAll(appends);
        var times = await arrivals.All.WaitAsync(Patience);
        busy = Environment.CpuUsage.TotalTime + database.ServerTime - busy;
        var load = busy / Stopwatch.GetElapsedTime(arrivals.Start) / Environment.ProcessorCount;
        return [.. Figures.Percentiles([.. times]), load];
    }
}

/// <summary>What the consumers were given. Events are known by their amounts, which are consecutive numbers.</summary>
public sealed class Arrivals
{
    internal const string Poison = "poison";

    private TaskCompletionSource<TimeSpan[]> _all = new();
    private TaskCompletionSource _poisonGone = new();
    private TimeSpan[] _times = [];
    private int _perSecond;
    private int _missing;

    /// <summary>The number of the first of the expected events.</summary>
    internal long First { get; private set; } = 1;

    /// <summary>When the first of them is due, by the stopwatch.</summary>
    internal long Start { get; private set; }

    /// <summary>Completes when all have arrived: how long each took since it was due.</summary>
    internal Task<TimeSpan[]> All => _all.Task;

    /// <summary>Completes when the poison has been taken after all.</summary>
    internal Task PoisonGone => _poisonGone.Task;

    /// <summary>Whether the poison's consumer throws.</summary>
    internal bool IsPoisonous
    {
        get => Volatile.Read(ref field);
        set
        {
            if (value) _poisonGone = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref field, value);
        }
    }

    /// <summary>From now on, so many events will be due, so many in a second.</summary>
    internal void Expect(int count, int perSecond)
    {
        First += _times.Length;
        (_times, _missing, _perSecond, Start) = (new TimeSpan[count], count, perSecond, Stopwatch.GetTimestamp());
        _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>An event has arrived, perhaps again.</summary>
    internal void Add(long number)
    {
        var (index, times) = (number - First, _times);
        if (index < 0 || index >= times.Length || times[index] != TimeSpan.Zero) return;
        times[index] = Stopwatch.GetElapsedTime(Start) - TimeSpan.FromSeconds((double)index / _perSecond);
        if (Interlocked.Decrement(ref _missing) == 0) _all.SetResult(times);
    }

    internal void TakePoison()
    {
        if (IsPoisonous) throw new InvalidOperationException("The consumer does not take this.");
        _poisonGone.TrySetResult();
    }
}

public interface IArrivalGrain : IGrainWithStringKey;

/// <summary>Consumes deposits that are no account's, so that no other scenario has to do with it.</summary>
[ImplicitStreamSubscription(Category)]
public sealed class ArrivalGrain(Arrivals arrivals, EventTypes types)
    : Grain, IArrivalGrain, IStreamSubscriptionObserver, IAsyncObserver<StoredEvent>
{
    internal const string Category = "arrival";

    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) =>
        handleFactory.Create<StoredEvent>().ResumeAsync(this);

    public Task OnNextAsync(StoredEvent item, StreamSequenceToken? token = null)
    {
        if (item.Stream.Id.StartsWith(Arrivals.Poison, StringComparison.Ordinal)) arrivals.TakePoison();
        else if (types.Read(item).Event is AccountEvent.MoneyDeposited deposited) arrivals.Add(deposited.Amount);
        return Task.CompletedTask;
    }

    public Task OnErrorAsync(Exception ex) => Task.CompletedTask;
}
