using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Waybill.Demo.Server;

/// <summary>How a server is started.</summary>
/// <param name="Assembly">The built server.</param>
/// <param name="Url">Where it serves.</param>
/// <param name="Data">Where its SQLite file is.</param>
/// <param name="Postgres">A connection string; the events are kept there instead.</param>
/// <param name="Log">The file to which it writes what it has to say.</param>
internal sealed record ServerSettings(string Assembly, Uri Url, string Data, string? Postgres, string Log);

/// <summary>The built server as a process that outlives whoever starts it.</summary>
internal static class ServerProcess
{
    private const int Terminate = 15;

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(120);

    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Starts a server and waits until it is ready.</summary>
    /// <exception cref="ServerException">It does not get ready; with what it said last.</exception>
    public static async Task<Process> StartAsync(ServerSettings settings)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(settings.Log)!);
        // The log is the shell's to open, so that nobody need stay to read what the server says. With job control the
        // server is in a group of its own: Ctrl-C ends who waits here and not the server.
        const string Detached = """
            set -m 2> /dev/null
            log=$1; shift
            nohup "$@" < /dev/null > "$log" 2>&1 &
            echo $!
            """;
        var start = new ProcessStartInfo("/bin/sh")
        {
            ArgumentList =
            {
                "-c", Detached, "sh", settings.Log,
                "dotnet", settings.Assembly,
                "--urls", settings.Url.GetLeftPart(UriPartial.Authority),
                "--data", settings.Data,
            },
            RedirectStandardOutput = true,
        };
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Development";
        // Not as an argument, which everybody on the machine can see: there is a password in it.
        if (settings.Postgres is { } postgres)
            start.Environment["Waybill__Postgres"] = postgres;
        using var shell = Process.Start(start)!;
        var id = await shell.StandardOutput.ReadLineAsync();
        var server = Process.GetProcessById(int.Parse(id!, CultureInfo.InvariantCulture));
        await UntilReady(server, settings);
        return server;
    }

    /// <summary>Asks a server to stop, as a service manager does, and waits until it has.</summary>
    /// <exception cref="ServerException">It does not.</exception>
    public static async Task StopAsync(Process server)
    {
        if (kill(server.Id, Terminate) != 0)
            throw new ServerException($"The server (process {server.Id}) cannot be asked to stop.");
        try
        {
            await server.WaitForExitAsync().WaitAsync(StopLimit);
        }
        catch (TimeoutException)
        {
            throw new ServerException($"The server (process {server.Id}) does not stop.");
        }
    }

    /// <summary>Whether a server answers there.</summary>
    public static async Task<bool> AnswersAsync(Uri url, string path = "/health/live")
    {
        using var http = new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromSeconds(10) };
        try
        {
            using var answer = await http.GetAsync(path);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception silent) when (silent is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private static async Task UntilReady(Process server, ServerSettings settings)
    {
        var begun = Stopwatch.GetTimestamp();
        while (!await AnswersAsync(settings.Url, "/health/ready"))
        {
            if (server.HasExited)
                throw new ServerException($"The server has ended at once:\n{LastWords(settings.Log)}");
            if (Stopwatch.GetElapsedTime(begun) > StartLimit)
                throw new ServerException($"The server is not ready; its log is {settings.Log}.");
            await Task.Delay(Pause);
        }
    }

    private static string LastWords(string log) => string.Join('\n', File.ReadLines(log).TakeLast(10));

    [DllImport("libc")]
    private static extern int kill(int process, int signal);
}

/// <summary>What is the matter with the server, said to the person who started it.</summary>
internal sealed class ServerException(string message) : Exception(message);
