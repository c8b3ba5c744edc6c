using System.Globalization;
using Waybill.EventStore;
using Waybill.Tests.Postgres;

namespace Waybill.Tests.EventStore;

/// <summary>
/// A process that dies at any moment loses nothing it acknowledged, doubles nothing, tears nothing and leaves no lock.
/// </summary>
public abstract class KillTests(ITestOutputHelper output, string verb, int kills)
{
    protected abstract string Target { get; }

    [Fact]
    public async Task What_was_acknowledged_survives_every_kill()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var acknowledged = new List<(string Stream, long Version, Guid EventId)>();

        for (var kill = 0; kill < kills; kill++)
        {
            acknowledged.AddRange(await KillAfter(random.Next(1, 500)));
            await ShouldHold(acknowledged);
        }
    }

    protected IEventStore Open() => Victim.Open(verb, Target);

    /// <summary>What must be so while another process is at the store.</summary>
    protected abstract void WhileItLives();

    private async Task<List<(string, long, Guid)>> KillAfter(int acknowledgements)
    {
        using var victim = Victim.Start(verb, Target);
        var lines = new List<(string, long, Guid)>();
        while (await victim.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            // The line that the kill cut short may say anything; it acknowledges nothing.
            if (line.Split(' ') is [var stream, var version, { Length: 36 } eventId])
                lines.Add((stream, long.Parse(version, CultureInfo.InvariantCulture), Guid.Parse(eventId)));
            if (lines.Count == 1)
                WhileItLives();
            if (lines.Count == acknowledgements)
                victim.Kill();
        }
        await victim.WaitForExitAsync(TestContext.Current.CancellationToken);
        lines.Count.ShouldBeGreaterThanOrEqualTo(acknowledgements, "It ended before it was killed.");
        return lines;
    }

    private async Task ShouldHold(List<(string Stream, long Version, Guid EventId)> acknowledged)
    {
        var store = Open();
        using var close = (IDisposable)store;
        // What follows the append lock has seen whatever the victim's last commit came to.
        await store.AppendAsync(Make.Stream("after"), 0, [Make.Event(1, command: 1), Make.Event(2, command: 1)]);
        var all = new List<StoredEvent>();
        foreach (var stream in Victim.Streams.Append("after"))
        {
            var events = await store.ReadStreamAsync(Make.Stream(stream)).ToListAsync();
            events.Select(e => e.Version).ShouldBe(Enumerable.Range(1, events.Count).Select(n => (long)n));
            (events.Count % 2).ShouldBe(0, $"An append of two events to {stream} was torn.");
            all.AddRange(events);
        }
        var recorded = all.ToDictionary(e => e.EventId, e => (Stream: e.Stream.Id, e.Version));
        foreach (var (stream, version, eventId) in acknowledged)
            recorded[eventId].ShouldBe((stream, version));
        all.Select(e => e.Position).ShouldBeUnique();
        (await store.ReadHeadPositionAsync()).ShouldBe(all.Count);
    }
}

public sealed class SqliteKillTests(ITestOutputHelper output)
    : KillTests(output, Victim.OnSqlite, kills: 5), IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("waybill-");

    protected override string Target => Path.Combine(_directory.FullName, "waybill.db");

    public void Dispose() => _directory.Delete(recursive: true);

    protected override void WhileItLives() => Should.Throw<StoreInUseException>(Open);
}

[Collection(OnPostgres.Name)]
public sealed class PostgresKillTests(ITestOutputHelper output, PostgresServer server)
    : KillTests(output, Victim.OnPostgres, kills: 5)
{
    protected override string Target { get; } = server.NewSchema();

    protected override void WhileItLives() => ((IDisposable)Open()).Dispose();
}
