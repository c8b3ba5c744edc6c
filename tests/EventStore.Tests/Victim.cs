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
    public const string Verb = "append-until-killed";

    private const int Streams = 8;

    /// <summary>Starts this same program for something that is better done in a process of its own.</summary>
    public static Process Start(string verb, string path) => Process.Start(new ProcessStartInfo(
        Environment.ProcessPath!, Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal)
            ? [typeof(Victim).Assembly.Location, verb, path]
            : [verb, path])
    {
        RedirectStandardOutput = true,
    })!;

    public static async Task<int> AppendUntilKilled(string path)
    {
        using var store = Open(path);
        await Task.WhenAll(Enumerable.Range(1, Streams).Select(n => AppendForever(store, Make.Stream($"s{n}"))));
        return 1;
    }

    public static SqliteEventStore Open(string path) => new(
        new SqliteEventStoreOptions { Path = path },
        new EventTypes([NoteJson.Default]),
        TimeProvider.System,
        NullLogger<SqliteEventStore>.Instance);

    private static async Task AppendForever(SqliteEventStore store, StreamName stream)
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
