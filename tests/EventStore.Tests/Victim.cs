using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Waybill.EventStore;
using Waybill.EventStore.Sqlite;

namespace Waybill.Tests.EventStore;

/// <summary>
/// A process that appends as fast as it can until it is killed, and prints each append once it is acknowledged.
/// </summary>
internal static class Victim
{
    public const string OnSqlite = "append-to-sqlite-until-killed";
    public const string OnPostgres = "append-to-postgres-until-killed";

    /// <summary>Where it appends.</summary>
    public static IReadOnlyList<string> Streams { get; } = [.. Enumerable.Range(1, 8).Select(n => $"s{n}")];

    /// <summary>Starts this same program for something that is better done in a process of its own.</summary>
    public static Process Start(string verb, string target) => Process.Start(new ProcessStartInfo(
        Environment.ProcessPath!, Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal)
            ? [typeof(Victim).Assembly.Location, verb, target]
            : [verb, target])
    {
        RedirectStandardOutput = true,
    })!;

    /// <param name="verb">On which store.</param>
    /// <param name="target">The file, or the connection string.</param>
    public static async Task<int> AppendUntilKilled(string verb, string target)
    {
        var store = Open(verb, target);
        await Task.WhenAll(Streams.Select(stream => AppendForever(store, Make.Stream(stream))));
        return 1;
    }

    public static IEventStore Open(string verb, string target) => verb == OnPostgres
        ? EventStore.OnPostgres.Open(target)
        : new SqliteEventStore(
            new SqliteEventStoreOptions { Path = target },
            Make.Types,
            TimeProvider.System,
            NullLogger<SqliteEventStore>.Instance);

    private static async Task AppendForever(IEventStore store, StreamName stream)
    {
        var version = await store.ReadStreamAsync(stream).CountAsync();
        while (true)
        {
            var metadata = new EventMetadata(Guid.CreateVersion7(), "correlation", null, "victim");
            NewEvent[] events =
            [
                new(Guid.CreateVersion7(), new Note.Written("one"), metadata),
                new(Guid.CreateVersion7(), new Note.Written("two"), metadata),
            ];
            var appended = (AppendResult.Appended)await store.AppendAsync(stream, version, events);
            version += events.Length;
            Console.WriteLine($"{stream.Id} {appended.Version} {events[1].EventId}");
        }
    }
}
