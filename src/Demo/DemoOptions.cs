using System.Globalization;
using System.Security.Cryptography;
using Waybill.Demo.Server;

namespace Waybill.Demo;

/// <summary>What the demo was asked for on the command line.</summary>
/// <param name="Url">Where the server is, or is to be.</param>
/// <param name="Data">Where a server that is started keeps its events.</param>
/// <param name="Postgres">A connection string; it keeps them there instead.</param>
/// <param name="IsStoreChosen">Whether one of the two was given.</param>
/// <param name="Server">The built server.</param>
/// <param name="Seed">What the day's choices are made of.</param>
/// <param name="IsToStop">Whether only the server that an earlier demo has started is to be stopped.</param>
internal sealed record DemoOptions(
    Uri Url, string Data, string? Postgres, bool IsStoreChosen, string Server, int Seed, bool IsToStop)
{
    private static readonly string[] Names = ["--url", "--data", "--postgres", "--server", "--seed"];

    public ServerSettings ServerSettings => new(
        Server,
        Url,
        Path.GetFullPath(Data),
        Postgres,
        Path.GetFullPath(string.Create(CultureInfo.InvariantCulture, $"logs/demo-{Url.Port}.log")));

    /// <exception cref="ServerException">An option is unknown, or its value wrong.</exception>
    public static DemoOptions Parse(string[] arguments)
    {
        var given = new Dictionary<string, string>();
        var isToStop = false;
        for (var i = 0; i < arguments.Length; i++)
        {
            var parts = arguments[i].Split('=', 2);
            if (arguments[i] == "--stop")
                isToStop = true;
            else if (!Names.Contains(parts[0]))
                throw new ServerException($"Unknown option: {arguments[i]}");
            else if (parts.Length == 2)
                given[parts[0]] = parts[1];
            else if (i + 1 < arguments.Length)
                given[parts[0]] = arguments[++i];
            else
                throw new ServerException($"{parts[0]} needs a value.");
        }
        var url = given.GetValueOrDefault("--url", "http://127.0.0.1:8080");
        var seed = given.GetValueOrDefault("--seed");
        return new(
            Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttp
                ? address
                : throw new ServerException($"--url is an address such as http://127.0.0.1:8080, and not {url}."),
            given.GetValueOrDefault("--data", "data"),
            given.GetValueOrDefault("--postgres"),
            given.ContainsKey("--data") || given.ContainsKey("--postgres"),
            given.GetValueOrDefault("--server", Path.Combine(AppContext.BaseDirectory, "Waybill.Api.dll")),
            seed is null ? RandomNumberGenerator.GetInt32(1_000_000)
                : int.TryParse(seed, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
                : throw new ServerException($"--seed is a whole number, and not {seed}."),
            isToStop);
    }
}
