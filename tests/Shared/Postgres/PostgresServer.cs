using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Waybill.Tests.Postgres;

/// <summary>
/// A private PostgreSQL server from the installed binaries, on a free port of the loopback address, for one run;
/// or the server whose connection string stands in <c>WAYBILL_TEST_POSTGRES</c>.
/// </summary>
public sealed partial class PostgresServer : IAsyncDisposable
{
    private const string User = "waybill";

    // Longer than pg_ctl is told to wait, which then says itself what is the matter.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    private readonly string? _given = Environment.GetEnvironmentVariable("WAYBILL_TEST_POSTGRES");
    private readonly string? _binaries = PostgresBinaries.Find();
    private DirectoryInfo? _directory;
    private string _connectionString = "";

    /// <summary>Why there is no server, in the words that a skipped test shows; null if there is one.</summary>
    public string? Missing => _given is null && _binaries is null ? "skipped: no PostgreSQL" : null;

    // PostgreSQL refuses to run as root.
    private static string? OtherUser => Environment.UserName != "root" ? null
        : File.ReadLines("/etc/passwd").Any(line => line.StartsWith("postgres:", StringComparison.Ordinal)) ? "postgres"
        : "nobody";

    private string DataDirectory => Path.Combine(_directory!.FullName, "data");

    private string ServerLog => Path.Combine(DataDirectory, "server.log");

    public async ValueTask InitializeAsync()
    {
        if (Missing is not null)
            return;
        if (_given is not null)
        {
            _connectionString = _given;
            return;
        }

        _directory = Directory.CreateTempSubdirectory("waybill-postgres-");
        var password = Guid.NewGuid().ToString("N");
        var passwordFile = Path.Combine(_directory.FullName, "password");
        await File.WriteAllTextAsync(passwordFile, password);
        if (OtherUser is { } user)
            await Run("chown", "-R", user, _directory.FullName);
        await Run(
            "initdb", "--pgdata", DataDirectory, "--username", User, "--pwfile", passwordFile,
            "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--no-sync");
        var port = FreePort();
        await File.AppendAllTextAsync(
            Path.Combine(DataDirectory, "postgresql.conf"),
            $"""

            listen_addresses = '127.0.0.1'
            port = {port}
            unix_socket_directories = ''
            fsync = on
            max_connections = 300

            """);
        _connectionString = new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1", Port = port, Username = User, Password = password, Database = "postgres",
        }.ConnectionString;
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_directory is null)
            return;
        await StopAsync("immediate");
        _directory.Delete(recursive: true);
    }

    /// <summary>The server's connection string with another database in it.</summary>
    public string Database(string name) =>
        new NpgsqlConnectionStringBuilder(_connectionString) { Database = name }.ConnectionString;

    /// <summary>Runs a psql script in a database, as its superuser.</summary>
    /// <param name="path">The script.</param>
    /// <param name="database">The database.</param>
    /// <param name="variables">The script's, as name=value.</param>
    public async Task RunScriptAsync(string path, string database, params string[] variables)
    {
        // Whoever the server runs as may not see the repository.
        var copy = Path.Combine(_directory!.FullName, Path.GetFileName(path));
        File.Copy(path, copy, overwrite: true);
        var server = new NpgsqlConnectionStringBuilder(_connectionString);
        var (user, password) = (server.Username, server.Password);
        await Run(
            "psql",
            [
                $"host={server.Host} port={server.Port} user={user} password={password} dbname={database}",
                "--no-psqlrc", "--file", copy, .. variables.SelectMany(variable => new[] { "--set", variable }),
            ]);
    }

    public void Execute(string sql) => Execute(_connectionString, sql);

    /// <summary>Executes one statement as an operator would, on a connection of its own.</summary>
    public static object? Execute(string connectionString, string sql)
    {
        using var connection = Connect(connectionString);
        using var command = new NpgsqlCommand(sql, connection);
        return command.ExecuteScalar();
    }

    /// <summary>A connection of its own, as an operator's.</summary>
    public static NpgsqlConnection Connect(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString)
        {
            Pooling = false, ApplicationName = "operator",
        };
        var connection = new NpgsqlConnection(settings.ConnectionString);
        connection.Open();
        return connection;
    }

    public Task StartAsync() => Run(
        "pg_ctl", "start", "--pgdata", DataDirectory, "--log", ServerLog,
        "--wait", "--timeout", "60");

    /// <param name="mode">fast ends all sessions and stops in good order; immediate crashes.</param>
    public Task StopAsync(string mode = "fast") =>
        Run("pg_ctl", "stop", "--pgdata", DataDirectory, "--mode", mode, "--wait", "--timeout", "60");

    /// <summary>Kills the server and all its sessions, which get no chance to do anything more.</summary>
    public async Task KillAsync()
    {
        var lines = await File.ReadAllLinesAsync(Path.Combine(DataDirectory, "postmaster.pid"));
        using var postmaster = Process.GetProcessById(int.Parse(lines[0], CultureInfo.InvariantCulture));
        postmaster.Kill(entireProcessTree: true);
        await postmaster.WaitForExitAsync().WaitAsync(Deadline);
    }

    private async Task Run(string program, params string[] arguments)
    {
        var path = Path.Combine(_binaries!, program);
        string[] command = !File.Exists(path) ? [program, .. arguments]
            : OtherUser is { } user ? ["runuser", "-u", user, "--", path, .. arguments]
            : [path, .. arguments];
        // Not through pipes: the server inherits them, and they would not end before it does.
        var log = Path.Combine(_directory!.FullName, "commands.log");
        var start = new ProcessStartInfo("/bin/sh", ["-c", """ "$@" >> "$0" 2>&1 """, log, .. command])
        {
            WorkingDirectory = _directory.FullName,
        };
        using var process = Process.Start(start)!;
        try
        {
            await process.WaitForExitAsync().WaitAsync(Deadline);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw new InvalidOperationException($"{program} hangs.\n{await Logs(log)}");
        }
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} failed.\n{await Logs(log)}");
    }

    // What the programs said, and then the server's own last words; whoever started it cannot see either.
    private async Task<string> Logs(string commands)
    {
        var server = File.Exists(ServerLog) ? await File.ReadAllLinesAsync(ServerLog) : [];
        return $"{await File.ReadAllTextAsync(commands)}\n{string.Join('\n', server.TakeLast(50))}";
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, port: 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
