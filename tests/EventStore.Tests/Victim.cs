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

    /// <summary>What it prints before it opens the store.</summary>
    public const string Opening = "opening";

    /// <summary>Starts this same program for something that is better done in a process of its own.</summary>
    public static Process Start(string verb, string target) => Process.Start(new ProcessStartInfo(
        Environment.ProcessPath!, Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal)
            ? [typeof(Victim).Assembly.Location, verb, target]
            : [verb, target])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;

    /// <param name="verb">On which store.</param>
    /// <param name="target">The file, or the connection string.</param>
    public static async Task<int> AppendUntilKilled(string verb, string target)
    {
        Console.WriteLine(Opening);
        var load = Load.RunAsync(
            Open(verb, target),
            done => Console.WriteLine($"{done.Stream} {done.Version} {done.EventId}"),
            CancellationToken.None);
        // Its input ends with the process that started it, however that ends.
        await await Task.WhenAny(load, Task.Run(Console.In.ReadToEnd));
        return 1;
    }

    public static IEventStore Open(string verb, string target) => verb == OnPostgres
        ? EventStore.OnPostgres.Open(target)
        : new SqliteEventStore(
            new SqliteEventStoreOptions { Path = target },
            Make.Types,
            TimeProvider.System,
            NullLogger<SqliteEventStore>.Instance);
}
