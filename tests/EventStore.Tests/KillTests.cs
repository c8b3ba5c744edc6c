using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;
using Waybill.EventStore;
using Waybill.Tests.Postgres;

namespace Waybill.Tests.EventStore;

/// <summary>
/// How often the kill tests kill, and from which seed: <c>WAYBILL_KILLS</c>, <c>WAYBILL_SEED</c>.
/// </summary>
internal static class Kills
{
    private const int CountMin = 4;

    /// <summary>Of a process on SQLite.</summary>
    public static int OnSqlite { get; } = Setting.Of("WAYBILL_KILLS") ?? CountMin;

    /// <summary>Of a process on PostgreSQL, and of the server: a tenth, because it takes ten times as long.</summary>
    public static int OnPostgres { get; } = Math.Max(OnSqlite / 10, CountMin);

    public static Random Seeded(ITestOutputHelper output)
    {
        var seed = Setting.Seed();
        output.WriteLine($"WAYBILL_KILLS={OnSqlite} WAYBILL_SEED={seed}");
        return new Random(seed);
    }
}

/// <summary>
/// A process that dies at any moment loses nothing it acknowledged, doubles nothing, tears nothing and leaves no lock.
/// </summary>
public abstract class KillTests(ITestOutputHelper output, string verb, int kills)
{
    protected abstract string Target { get; }

    [Fact]
    public async Task What_was_acknowledged_survives_every_kill()
    {
        var random = Kills.Seeded(output);
        var acknowledged = new List<Acknowledged>();

        // The first one dies while it makes the tables.
        for (var kill = 0; kill < kills; kill++)
        {
            acknowledged.AddRange(await KillAfter(kill == 0 ? 0 : random.Next(200)));
            await ShouldHold(acknowledged);
        }

        output.WriteLine($"{kills} kills, {acknowledged.Count} appends acknowledged");
    }

    protected IEventStore Open() => Victim.Open(verb, Target);

    /// <summary>What must be so while another process is at the store.</summary>
    protected abstract void WhileItLives();

    // With no acknowledgement to wait for, it dies while it opens the store.
    private async Task<List<Acknowledged>> KillAfter(int acknowledgements)
    {
        using var victim = Victim.Start(verb, Target);
        var done = new List<Acknowledged>();
        while (await victim.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            // The line that the kill cut short may say anything; it acknowledges nothing.
            if (line.Split(' ') is [var stream, var version, { Length: 36 } eventId])
                done.Add(new(stream, long.Parse(version, CultureInfo.InvariantCulture), Guid.Parse(eventId)));
            else if (line != Victim.Opening)
                continue;
            if (done.Count == 1)
                WhileItLives();
            if (done.Count == acknowledgements)
                victim.Kill();
        }
        await victim.WaitForExitAsync(TestContext.Current.CancellationToken);
        done.Count.ShouldBeGreaterThanOrEqualTo(acknowledgements, "It ended before it was killed.");
        return done;
    }

    private async Task ShouldHold(List<Acknowledged> acknowledged)
    {
        var store = Open();
        using var close = (IDisposable)store;
        // What follows the append lock has seen whatever the victim's last commit came to.
        await store.AppendAsync(Make.Stream("after"), 0, [Make.Event(1, command: 1), Make.Event(2, command: 1)]);
        await Load.ShouldHoldAsync(store, acknowledged);
    }
}

public sealed class SqliteKillTests(ITestOutputHelper output)
    : KillTests(output, Victim.OnSqlite, Kills.OnSqlite), IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("waybill-");

    protected override string Target => Path.Combine(_directory.FullName, "waybill.db");

    public void Dispose() => _directory.Delete(recursive: true);

    protected override void WhileItLives() => Should.Throw<StoreInUseException>(Open);
}

[Collection(OnPostgres.Name)]
public sealed class PostgresKillTests(ITestOutputHelper output, PostgresServer server)
    : KillTests(output, Victim.OnPostgres, Kills.OnPostgres)
{
    protected override string Target { get; } = server.NewSchema();

    protected override void WhileItLives() => ((IDisposable)Open()).Dispose();
}

/// <summary>
/// A server that dies at any moment takes nothing acknowledged with it, and whoever appends goes on by himself.
/// </summary>
[Collection(OnPostgres.Name)]
public sealed class PostgresServerKillTests(ITestOutputHelper output, PostgresServer server)
{
    [Fact]
    public async Task What_was_acknowledged_survives_every_kill_of_the_server()
    {
        server.ShouldBeOurs();
        var random = Kills.Seeded(output);
        var acknowledged = new List<Acknowledged>();
        var arriving = Channel.CreateUnbounded<Acknowledged>();
        var slowest = TimeSpan.Zero;
        using var store = OnPostgres.Open(server.NewSchema());
        using var stop = new CancellationTokenSource();
        var load = Load.RunAsync(store, done => arriving.Writer.TryWrite(done), stop.Token);

        try
        {
            for (var kill = 0; kill < Kills.OnPostgres; kill++)
            {
                await Receive(random.Next(1, 200));
                await (random.Next(2) == 0 ? server.KillAsync() : server.StopAsync("immediate"));
                while (arriving.Reader.TryRead(out var before))
                    acknowledged.Add(before);
                await server.StartAsync();
                var since = Stopwatch.StartNew();
                await Receive(1);
                slowest = since.Elapsed > slowest ? since.Elapsed : slowest;
            }
        }
        finally
        {
            await stop.CancelAsync();
        }
        await load;
        while (arriving.Reader.TryRead(out var last))
            acknowledged.Add(last);

        output.WriteLine(
            $"{Kills.OnPostgres} kills, {acknowledged.Count} appends acknowledged, slowest recovery {slowest}");
        await Load.ShouldHoldAsync(store, acknowledged);

        async Task Receive(int count)
        {
            for (; count > 0; count--)
            {
                var next = arriving.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask();
                // A writer that was answered wrongly ends the load with its error.
                if (await Task.WhenAny(next, load).WaitAsync(FakeTimeProvider.BarrierLimit) == load)
                    await load;
                acknowledged.Add(await next);
            }
        }
    }
}
