using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Waybill.EventStore;
using Waybill.EventStore.Streams;
using Waybill.Grains.Sourcing;
using Waybill.Tests.Grains.Sagas;
using static Waybill.Tests.Grains.Sagas.SagaCluster;

namespace Waybill.Tests.Grains.Sourcing;

/// <summary>A reader of the log handles all at least once, and gets past nothing that it did not handle.</summary>
public sealed class LogReaderTests : IAsyncLifetime
{
    private static readonly int QueueCount = new EventStreamOptions().QueueCount;

    // Two accounts of the same queue.
    private static readonly string[] Accounts =
    [
        .. Enumerable.Range(0, 100).Select(number => $"a{number}")
            .Where(account => LogQueue.Of(new StreamName("account", account), QueueCount).Number == 0)
            .Take(2),
    ];

    private readonly SagaCluster _cluster = new()
    {
        Adds = silo => silo.AddLogReader<IDepositReaderGrain>().AddLogReader<ISilentReaderGrain>(),
    };

    private IDepositReaderGrain Reader =>
        _cluster.Cluster.Client.GetGrain<IDepositReaderGrain>(0.ToString(CultureInfo.InvariantCulture));

    public async ValueTask InitializeAsync()
    {
        DepositReaderGrain.Handled.Clear();
        DepositReaderGrain.Fault = DepositReaderGrain.Unreadable = null;
        await _cluster.InitializeAsync();
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    // Whoever lets something fail says so before: the supervisor may have it handled at once.
    private async Task MakeDeposits()
    {
        await _cluster.Open(Accounts[0], 1);
        await _cluster.Open(Accounts[1], 2);
        await _cluster.Account(Accounts[0]).Deposit(Command(), 3, null);
    }

    [Fact]
    public async Task What_concerns_it_is_handled_in_the_order_of_its_stream()
    {
        await MakeDeposits();
        await Reader.CatchUp();

        DepositReaderGrain.Handled.Where(stored => stored.Stream.Id == Accounts[0])
            .Select(stored => stored.Version).ShouldBe([2, 3]);
        DepositReaderGrain.Handled.Count.ShouldBe(3);
    }

    [Fact]
    public async Task What_has_been_handled_does_not_come_again_to_the_next_process()
    {
        await MakeDeposits();
        await Reader.CatchUp();
        await _cluster.Restart();
        await Reader.CatchUp();

        DepositReaderGrain.Handled.Count.ShouldBe(3);
    }

    [Fact]
    public async Task What_could_not_be_handled_comes_again_also_to_the_next_process()
    {
        DepositReaderGrain.Fault = Accounts[1];
        await MakeDeposits();
        await Reader.CatchUp();
        await _cluster.Restart();
        await Reader.CatchUp();
        DepositReaderGrain.Handled.ShouldAllBe(stored => stored.Stream.Id == Accounts[0]);

        DepositReaderGrain.Fault = null;
        await Reader.CatchUp();
        DepositReaderGrain.Handled.ShouldContain(stored => stored.Stream.Id == Accounts[1]);
    }

    [Fact]
    public async Task What_cannot_be_read_holds_up_its_own_stream_until_a_process_can_read_it()
    {
        DepositReaderGrain.Unreadable = Accounts[0];
        await MakeDeposits();
        var status = await Reader.CatchUp();
        (status.Reader, status.Error).ShouldSatisfyAllConditions(
            both => both.Reader.ShouldBe("deposits"),
            both => both.Error.ShouldNotBeNull().ShouldContain($"Event 2 of account-{Accounts[0]}"));
        DepositReaderGrain.Handled.ShouldHaveSingleItem().Stream.Id.ShouldBe(Accounts[1]);
        await _cluster.Account(Accounts[1]).Deposit(Command(), 4, null);
        await Reader.CatchUp();
        DepositReaderGrain.Handled.Count.ShouldBe(2);

        DepositReaderGrain.Unreadable = null;
        await _cluster.Restart();
        (await Reader.CatchUp()).Error.ShouldBeNull();

        DepositReaderGrain.Handled.Where(stored => stored.Stream.Id == Accounts[0])
            .Select(stored => stored.Version).ShouldBe([2, 3]);
    }

    [Fact]
    public Task One_that_does_not_answer_counts_as_one_that_does_not_go_on() => Until(() =>
        Task.FromResult(_cluster.Cluster.GetSiloServiceProvider().GetRequiredService<LogReaderHealth>().Behind
            is [nameof(ISilentReaderGrain)]));

    [Fact]
    public async Task What_was_not_delivered_is_read_before_what_was()
    {
        await MakeDeposits();
        var last = (await _cluster.Store.ReadLogAsync(
            new LogFilter(new LogQueue(0, QueueCount)), 0, 100, TestContext.Current.CancellationToken)).Events[^1];
        await Reader.Take(new LogChunk(0, QueueCount, last.Position - 1, last.Position, [last]));

        DepositReaderGrain.Handled.Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_chunk_of_another_division_of_the_log_is_not_taken_for_one_of_this()
    {
        await MakeDeposits();
        await Reader.Take(new LogChunk(0, QueueCount + 1, 0, 1_000, []));
        await Reader.CatchUp();

        DepositReaderGrain.Handled.Count.ShouldBe(3);
    }
}

public interface ISilentReaderGrain : ILogReaderGrain;

/// <summary>Does not come to an end.</summary>
public sealed class SilentReaderGrain : Grain, ISilentReaderGrain
{
    public Task<LogReaderStatus> CatchUp() => throw new TimeoutException("It took too long.");
}

public interface IDepositReaderGrain : ILogReaderGrain
{
    Task Take(LogChunk chunk);
}

/// <summary>Takes note of deposits. It subscribes to nothing, so that a test says what comes when.</summary>
public sealed class DepositReaderGrain(LogReaderAccess access) : LogReaderGrain(access), IDepositReaderGrain
{
    public static ConcurrentQueue<StoredEvent> Handled { get; } = new();

    /// <summary>The account whose events cannot be handled.</summary>
    public static string? Fault { get; set; }

    /// <summary>The account whose events cannot be read.</summary>
    public static string? Unreadable { get; set; }

    protected override string ReaderName => "deposits";

    public Task Take(LogChunk chunk) => OnNextAsync(chunk);

    protected override bool Concerns(StoredEvent stored) => stored.Type == "account.money-deposited";

    protected override Task Handle(StoredEvent stored)
    {
        if (stored.Stream.Id == Fault)
            throw new StoreUnavailableException("It cannot be handled now.");
        if (stored.Stream.Id == Unreadable)
            throw new UnreadableEventException(stored, "Nobody knows why.");
        Handled.Enqueue(stored);
        return Task.CompletedTask;
    }
}
