using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Streams;
using Orleans.TestingHost;
using Waybill.EventStore;
using Waybill.EventStore.Relational;
using Waybill.EventStore.Streams;

namespace Waybill.Tests.EventStore.Streams;

/// <summary>What the streams of the log guarantee, whichever store it is in.</summary>
public abstract partial class EventStreamsContract : IAsyncLifetime
{
    private static readonly EventStreamOptions Options = new()
    {
        QueueCount = 4,
        ReadWait = TimeSpan.FromMilliseconds(20),
        CheckpointPeriod = TimeSpan.FromMilliseconds(5),
        DeliveryLimit = TimeSpan.FromMilliseconds(300),
        RedeliveryDelay = TimeSpan.FromMilliseconds(50),
    };

    private readonly Dictionary<string, long> _versions = [];
    private RelationalEventStore _inner = null!;
    private int _ids;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected Consumers Consumers { get; } = new();

    protected WatchedStore<RelationalEventStore> Store { get; private set; } = null!;

    public ValueTask InitializeAsync()
    {
        _inner = Open();
        Store = new(_inner, Consumers);
        return ValueTask.CompletedTask;
    }

    public virtual ValueTask DisposeAsync()
    {
        ((IDisposable)_inner).Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Opens the test's one database.</summary>
    protected abstract RelationalEventStore Open();

    /// <summary>Executes a statement past the store.</summary>
    protected abstract void Execute(string sql);

    /// <summary>Keeps the store from appending until it is disposed.</summary>
    protected abstract IDisposable HoldAppends();

    [Fact]
    public async Task Each_event_comes_in_order_on_the_stream_of_its_aggregate()
    {
        await using var cluster = await Deploy(silos: 2);

        await AppendToStreams(10, eachVersions: 20);

        await Consumers.Until(() => Streams(10).All(stream => Consumers.Versions(stream).Count() == 20));
        foreach (var stream in Streams(10))
            Consumers.Versions(stream).ShouldBe(Numbers(1, 20));
        var first = Consumers.Events("note/s0")[0];
        first.ShouldBeEquivalentTo(await _inner.ReadStreamAsync(new("note", "s0"), cancellation: Cancellation)
            .FirstAsync(Cancellation));
        Make.Types.Read(first).Event.ShouldBe(new Note.Written("text"));
    }

    [Fact]
    public async Task An_event_of_a_saga_comes_on_the_sagas_stream_too_from_whichever_aggregate()
    {
        await using var cluster = await Deploy();

        foreach (var stream in new[] { "a", "b", "c", "d", "e" })
            await Append(stream, saga: "transfer-1");

        await Consumers.Until(() => Consumers.Events("saga/transfer-1").Count == 5);
        Consumers.Events("saga/transfer-1").Select(stored => stored.Stream.Id)
            .ShouldBe(["a", "b", "c", "d", "e"], ignoreOrder: true);
        await Consumers.Until(() => Consumers.Events("note/a").Count == 1);
    }

    [Fact]
    public async Task The_chunks_of_each_queue_hold_all_its_events_without_gaps()
    {
        await AppendToStreams(10, eachVersions: 5);
        await using var cluster = await Deploy(silos: 2);
        await AppendToStreams(10, eachVersions: 5);

        await Consumers.Until(() => Consumers.Positions().Distinct().Count() == 100);

        for (var queue = 0; queue < Options.QueueCount; queue++)
        {
            var readTo = 0L;
            foreach (var chunk in Consumers.Chunks(queue))
            {
                // After a hand-over chunks come again; a gap there is never.
                chunk.After.ShouldBeLessThanOrEqualTo(readTo);
                chunk.QueueCount.ShouldBe(Options.QueueCount);
                chunk.Events.ShouldNotBeEmpty();
                chunk.Events.ShouldAllBe(stored => chunk.After < stored.Position && stored.Position <= chunk.ReadTo);
                chunk.Events.ShouldAllBe(stored => LogQueue.Of(stored.Stream, Options.QueueCount).Number == queue);
                readTo = Math.Max(readTo, chunk.ReadTo);
            }
        }
    }

    [Fact]
    public async Task A_cluster_that_starts_again_goes_on_at_its_checkpoints()
    {
        await using (await Deploy())
        {
            await AppendToStreams(10, eachVersions: 3);
            await Consumers.Until(() => Enumerable.Range(0, Options.QueueCount).All(IsCheckpointed));
        }

        var again = new Consumers();
        await using var cluster = await Deploy(consumers: again);
        await AppendToStreams(10, eachVersions: 1);

        await again.Until(() => again.Positions().Count() == 10);
        again.Positions().Order().ShouldBe(Numbers(31, 10));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task When_a_silo_stops_or_is_killed_nothing_is_lost_and_each_stream_stays_in_order(bool stops)
    {
        await using var cluster = await Deploy(silos: 2);
        await AppendToStreams(10, eachVersions: 10);
        await Consumers.Until(() => Consumers.Positions().Any());

        var appending = AppendToStreams(10, eachVersions: 10);
        var gone = cluster.Silos[1];
        await (stops ? cluster.StopSiloAsync(gone) : cluster.KillSiloAsync(gone));
        await appending;
        await AppendToStreams(10, eachVersions: 10);

        await Consumers.Until(() => Streams(10).All(stream => Consumers.Versions(stream).Count() == 30));
        await Consumers.Until(() => Consumers.Positions().Distinct().Count() == 300);
        foreach (var stream in Streams(10))
            Consumers.Versions(stream).ShouldBe(Numbers(1, 30));
    }

    [Fact]
    public async Task What_a_killed_silo_had_read_but_not_delivered_comes_again()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var entered = new HashSet<int>();
        Consumers.BeforeChunk = chunk =>
        {
            lock (entered)
                entered.Add(chunk.Queue);
            Consumers.Changed();
            return gate.Task;
        };
        await using var cluster = await Deploy(silos: 2);
        await AppendToStreams(16, eachVersions: 1);
        var queues = Enumerable.Range(0, 16).Select(QueueOf).ToHashSet();
        await Consumers.Until(() => entered.SetEquals(queues));

        queues.ShouldAllBe(queue => Store.SavedBy($"events/{queue}-of-4") == 0);
        await cluster.KillSiloAsync(cluster.Silos[1]);
        gate.SetResult();

        await Consumers.Until(() => Consumers.Positions().Distinct().Count() == 16);
    }

    [Fact]
    public async Task A_silo_that_stops_leaves_its_checkpoints_where_delivery_is()
    {
        await using var cluster = await Deploy(Options with { CheckpointPeriod = TimeSpan.FromHours(1) });
        await AppendToStreams(3, eachVersions: 2);
        await UntilStatus(cluster, all => all.Count == 4 && all.All(queue => queue.Delivered == 6));
        Enumerable.Range(0, 4).ShouldAllBe(queue => Store.SavedBy($"events/{queue}-of-4") == 0);

        await cluster.StopSiloAsync(cluster.Silos[0]);

        // A queue without events too: where there is nothing to deliver, all is delivered.
        Enumerable.Range(0, 4).ShouldAllBe(queue => Store.SavedBy($"events/{queue}-of-4") == 6);
    }

    [Fact]
    public async Task A_commit_costs_one_query_however_many_queues_there_are()
    {
        await using var cluster = await Deploy(Options with { QueueCount = 16, PollPeriod = TimeSpan.FromHours(1) });
        await UntilStatus(cluster, all => all.Count == 16 && all.All(queue => queue.LastRead is not null));
        var (queueReads, logReads) = (Store.QueueReads, Store.LogReads);

        for (var n = 1; n <= 10; n++)
        {
            await Append($"s{n}");
            await Consumers.Until(() => Consumers.Positions().Count() == n);
        }

        // Each queue may just have been on its way to where it takes what is new from the tail.
        Store.QueueReads.ShouldBeLessThanOrEqualTo(queueReads + 16);
        Store.LogReads.ShouldBeLessThanOrEqualTo(logReads + 20);
    }

    [Fact]
    public async Task When_the_number_of_queues_changes_nothing_is_lost_and_nothing_begins_again_from_the_start()
    {
        await using (await Deploy())
        {
            await AppendToStreams(10, eachVersions: 3);
            await Consumers.Until(() => Enumerable.Range(0, Options.QueueCount).All(IsCheckpointed));
        }

        var again = new Consumers();
        await using var cluster = await Deploy(Options with { QueueCount = 7 }, consumers: again);
        await AppendToStreams(10, eachVersions: 1);

        await again.Until(() => again.Positions().Count() >= 10);
        again.Positions().Order().ShouldBe(Numbers(31, 10));
    }

    [Fact]
    public async Task An_append_that_waits_for_another_process_is_neither_skipped_nor_does_it_stop_the_readers()
    {
        await using var cluster = await Deploy(Options with { PollPeriod = TimeSpan.FromMilliseconds(10) });
        await Append("a");
        await Consumers.Until(() => Consumers.Positions().SequenceEqual([1]));

        Task waiting;
        using (HoldAppends())
        {
            waiting = Task.Run(() => Append("b"), Cancellation);
            var before = (await Status(cluster)).Max(queue => queue.LastRead);
            await UntilStatus(cluster, all => all.All(queue => queue.LastRead > before && queue.Error is null));
        }
        await waiting;
        await Append("a");

        await Consumers.Until(() => Consumers.Positions().Order().SequenceEqual([1, 2, 3]));
    }

    [Fact]
    public async Task Streams_are_not_written_to()
    {
        await using var cluster = await Deploy();
        var provider = cluster.GetSiloServiceProvider().GetRequiredKeyedService<IStreamProvider>(EventStreams.Provider);

        var refused = await Should.ThrowAsync<InvalidOperationException>(
            () => provider.GetStream<string>("note", "a").OnNextAsync("text"));

        refused.Message.ShouldContain("ReadOnly");
    }

    protected Task<InProcessTestCluster> Deploy(
        EventStreamOptions? options = null, short silos = 1, Consumers? consumers = null) => Deploy(
            silos,
            silo =>
            {
                silo.Services.AddSingleton<IEventStore>(Store);
                silo.Services.AddSingleton<ICheckpointStore>(Store);
                silo.Services.AddSingleton(consumers ?? Consumers);
                silo.AddEventStreams(options ?? Options);
            });

    protected static async Task<InProcessTestCluster> Deploy(short silos, Action<ISiloBuilder> configure)
    {
        var cluster = new InProcessTestClusterBuilder(silos).ConfigureSilo((_, silo) => configure(silo)).Build();
        await cluster.DeployAsync();
        return cluster;
    }

    protected async Task Append(string stream, string? saga = null, IEventStore? store = null)
    {
        var id = Interlocked.Increment(ref _ids);
        var version = _versions.GetValueOrDefault(stream);
        var metadata = new EventMetadata(Make.Id(id), "correlation", null, "ann", saga);
        var written = new NewEvent(Make.Id(id), new Note.Written("text"), metadata);
        while (true)
        {
            try
            {
                (await (store ?? Store).AppendAsync(new("note", stream), version, [written], Cancellation))
                    .ShouldBeOfType<AppendResult.Appended>();
                _versions[stream] = version + 1;
                return;
            }
            catch (StoreUnavailableException) when (!Store.IsAway)
            {
                // It waited for too long behind another; the same ids tell the store whether it was carried out.
            }
        }
    }

    private async Task AppendToStreams(int streams, int eachVersions)
    {
        for (var n = 0; n < eachVersions; n++)
            for (var stream = 0; stream < streams; stream++)
                await Append($"s{stream}");
    }

    private static async Task<IReadOnlyList<QueueStatus>> Status(InProcessTestCluster cluster)
    {
        var all = new List<QueueStatus>();
        foreach (var silo in cluster.Silos)
            all.AddRange(await cluster.GetSiloServiceProvider(silo.SiloAddress)
                .GetRequiredService<EventStreams>().ReadStatusAsync(Cancellation));
        return all;
    }

    private static async Task UntilStatus(
        InProcessTestCluster cluster, Func<IReadOnlyList<QueueStatus>, bool> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (!condition(await Status(cluster)))
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }


    private bool IsCheckpointed(int queue)
    {
        var last = Enumerable.Range(0, 10).Where(id => QueueOf(id) == queue).DefaultIfEmpty(-30).Max() + 21;
        return Store.SavedBy($"events/{queue}-of-{Options.QueueCount}") >= last;
    }

    private static int QueueOf(int id) => LogQueue.Of(new StreamName("note", $"s{id}"), Options.QueueCount).Number;

    private async Task<int> CountBetween(QueueStatus status)
    {
        var page = await _inner.ReadLogAsync(
            new LogFilter(status.Queue), status.Delivered!.Value, 10_000, Cancellation);
        return page.Events.Count(stored => stored.Position <= status.ReadTo);
    }

    private static IEnumerable<string> Streams(int count) => Enumerable.Range(0, count).Select(id => $"note/s{id}");

    private static IEnumerable<long> Numbers(int first, int count) =>
        Enumerable.Range(first, count).Select(number => (long)number);
}
