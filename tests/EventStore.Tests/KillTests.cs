using System.Globalization;
using Waybill.EventStore;

namespace Waybill.Tests.EventStore;

/// <summary>
/// A process that dies at any moment loses nothing it acknowledged, doubles nothing, tears nothing and
/// leaves no lock; while it lives, nobody else gets at the file.
/// </summary>
public sealed class KillTests(ITestOutputHelper output) : IDisposable
{
    private const int Kills = 5;
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("waybill-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task What_was_acknowledged_survives_every_kill()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var path = Path.Combine(_directory.FullName, "waybill.db");
        var acknowledged = new List<(string Stream, long Version, Guid EventId)>();

        for (var kill = 0; kill < Kills; kill++)
        {
            acknowledged.AddRange(await KillAfter(random.Next(1, 500), path));
            await ShouldHold(path, acknowledged);
        }
    }

    private static async Task<List<(string, long, Guid)>> KillAfter(int acknowledgements, string path)
    {
        using var victim = Victim.Start(Victim.Verb, path);
        var lines = new List<(string, long, Guid)>();
        while (await victim.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            // The line that the kill cut short may say anything; it acknowledges nothing.
            if (line.Split(' ') is [var stream, var version, { Length: 36 } eventId])
                lines.Add((stream, long.Parse(version, CultureInfo.InvariantCulture), Guid.Parse(eventId)));
            if (lines.Count == 1)
                Should.Throw<StoreInUseException>(() => Victim.Open(path));
            if (lines.Count == acknowledgements)
                victim.Kill();
        }
        await victim.WaitForExitAsync(TestContext.Current.CancellationToken);
        lines.Count.ShouldBeGreaterThanOrEqualTo(acknowledgements, "It ended before it was killed.");
        return lines;
    }

    private static async Task ShouldHold(string path, List<(string Stream, long Version, Guid EventId)> acknowledged)
    {
        using var store = Victim.Open(path);
        var all = new List<RecordedEvent>();
        foreach (var stream in acknowledged.Select(line => line.Stream).Distinct())
        {
            var events = await store.ReadStreamAsync(Make.Stream(stream)).ToListAsync();
            events.Select(e => e.Version).ShouldBe(Enumerable.Range(1, events.Count).Select(n => (long)n));
            (events.Count % 2).ShouldBe(0, $"An append of two events to {stream} was torn.");
            all.AddRange(events);
        }
        var recorded = all.ToDictionary(e => e.EventId, e => (Stream: e.Stream.Id, e.Version));
        foreach (var (stream, version, eventId) in acknowledged)
            recorded[eventId].ShouldBe((stream, version));
    }
}
