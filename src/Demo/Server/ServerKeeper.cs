using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Waybill.Demo.Server;

/// <summary>
/// Remembers, in a file for each port, the server that was started here: so that it, and nobody else's, is stopped.
/// </summary>
internal sealed class ServerKeeper(ServerSettings settings)
{
    // How exactly two processes agree on when a third one was started.
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    private string RecordFile => Path.ChangeExtension(settings.Log, ".pid");

    // Where the events are kept, and no password.
    private string Store => Convert.ToHexString(SHA256.HashData(
        Encoding.UTF8.GetBytes($"{settings.Data}\n{settings.Postgres}")));

    /// <summary>
    /// Starts the server, unless one runs there. One that was started here and keeps its events elsewhere makes room.
    /// </summary>
    /// <param name="isStoreChosen">Whether somebody has said where the events are to be kept.</param>
    /// <returns>What was done, in a sentence.</returns>
    /// <exception cref="ServerException">It cannot be done.</exception>
    public async Task<string> EnsureAsync(bool isStoreChosen)
    {
        var (own, store) = Recall();
        using (own)
        {
            if (await ServerProcess.AnswersAsync(settings.Url))
            {
                if (store == Store || !isStoreChosen)
                    return $"A server runs at {settings.Url} already.";
                if (own is null)
                    throw new ServerException(
                        $"A server that was not started by the demo runs at {settings.Url}, and whoever started it has "
                        + "said where its events are kept. Stop it, or name another --url.");
            }
            // It hangs, or serves from another store.
            if (own is not null)
                await ServerProcess.StopAsync(own);
        }
        using var server = await ServerProcess.StartAsync(settings);
        await File.WriteAllLinesAsync(RecordFile, [Number(server.Id), Number(StartOf(server)), Store]);
        return $"Started a server at {settings.Url} (process {server.Id}, log {settings.Log}).";
    }

    /// <summary>Stops the server that was started here.</summary>
    /// <returns>What was done, in a sentence.</returns>
    /// <exception cref="ServerException">It does not stop.</exception>
    public async Task<string> StopAsync()
    {
        var (own, _) = Recall();
        using (own)
        {
            if (own is not null)
                await ServerProcess.StopAsync(own);
            File.Delete(RecordFile);
            return own is null
                ? $"The demo has started no server for {settings.Url} that still runs."
                : $"Stopped the server at {settings.Url} (process {own.Id}).";
        }
    }

    // A process's number is given to another one day; together with its start it is its own.
    private (Process? Own, string? Store) Recall()
    {
        if (!File.Exists(RecordFile) || File.ReadAllLines(RecordFile) is not [var id, var start, var store])
            return (null, null);
        try
        {
            var process = Process.GetProcessById(int.Parse(id, CultureInfo.InvariantCulture));
            var apart = TimeSpan.FromMilliseconds(StartOf(process) - long.Parse(start, CultureInfo.InvariantCulture));
            if (apart.Duration() < Tolerance)
                return (process, store);
            process.Dispose();
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException)
        {
            // There is no such process any more.
        }
        return (null, null);
    }

    private static long StartOf(Process process) => new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds();

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
