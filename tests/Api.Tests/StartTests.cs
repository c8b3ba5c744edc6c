using System.Net;
using System.Net.Sockets;

namespace Waybill.Tests;

/// <summary>What keeps the server from starting is said in one line.</summary>
public sealed class StartTests
{
    [Fact]
    public async Task A_port_in_use_stops_the_start()
    {
        using var data = new DataDirectory();
        using var other = new TcpListener(IPAddress.Loopback, port: 0);
        other.Start();

        await ShouldSay("Address already in use", "--urls", $"http://{other.LocalEndpoint}", "--data", data.Path);
    }

    [Fact]
    public async Task A_second_server_on_the_same_data_stops_at_the_start()
    {
        using var data = new DataDirectory();
        await using var first = await ServerProcess.StartAsync(data.Path);

        await ShouldSay("is in use by", "--urls", "http://127.0.0.1:0", "--data", data.Path);

        (await first.Client.Get("/health/ready")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_data_directory_that_cannot_be_made_stops_the_start()
    {
        using var data = new DataDirectory();
        var file = Path.Combine(data.Path, "file");
        await File.WriteAllTextAsync(file, "in the way", TestContext.Current.CancellationToken);

        await ShouldSay("cannot be written", "--data", Path.Combine(file, "below"));
    }

    [Fact]
    public async Task A_database_that_is_none_stops_the_start()
    {
        using var data = new DataDirectory();
        await File.WriteAllTextAsync(
            Path.Combine(data.Path, "waybill.db"), new string('x', 8192), TestContext.Current.CancellationToken);

        await ShouldSay("cannot be opened", "--data", data.Path);
    }

    [Theory]
    [InlineData("http://0.0.0.0:0")]
    [InlineData("http://[::]:0")]
    [InlineData("http://127.0.0.1:0;http://0.0.0.0:0")]
    [InlineData("http://example.com:0")]
    [InlineData("http://loopback:0")]
    public async Task An_address_that_is_open_to_other_machines_stops_the_start(string urls)
    {
        using var data = new DataDirectory();

        await ShouldSay("open to other machines", "--urls", urls, "--data", data.Path);
    }

    [Theory]
    [InlineData("127.0.0.1:0")]
    [InlineData("https://127.0.0.1:0")]
    [InlineData("http://127.0.0.1:0/below")]
    [InlineData("http://unix:/tmp/socket")]
    [InlineData("http://*:0")]
    [InlineData("http://me@127.0.0.1:0")]
    [InlineData("nonsense")]
    public async Task An_address_that_is_none_stops_the_start(string urls) =>
        await ShouldSay($"'{urls}' is not an address", "--urls", urls);

    [Theory]
    [InlineData("--urls=")]
    [InlineData("--urls=;")]
    public async Task A_blank_address_is_the_default_one(string urls)
    {
        using var data = new DataDirectory();
        using var other = new TcpListener(IPAddress.Loopback, port: 8080);
        try
        {
            other.Start();
        }
        catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            // Somebody else holds the port, which is as good.
        }

        await ShouldSay("http://127.0.0.1:8080 cannot be listened on", urls, "--data", data.Path);
    }

    [Fact]
    public async Task Any_environment_but_Development_stops_the_start() =>
        await ShouldSay("the environment is Production", "--environment", "Production");

    [Theory]
    [InlineData("Host=127.0.0.1;Port=1;Password=secret", "127.0.0.1:1")]
    [InlineData("Host=127.0.0.1;secret", "connection string is malformed")]
    [InlineData("postgres://ann:secret@localhost/waybill", "connection string is malformed")]
    [InlineData("Password=secret", "connection string is malformed")]
    public async Task A_PostgreSQL_that_is_not_there_stops_the_start(string connectionString, string reason) =>
        (await ShouldSay(reason, "--urls", "http://127.0.0.1:0", "--postgres", connectionString))
            .ShouldNotContain("secret");

    [Theory]
    [InlineData("--Waybill:Dta=x", "Dta")]
    [InlineData("--Waybill:WaitingCallsMax=many", "WaitingCallsMax")]
    [InlineData("--Waybill:WaitingCallsMax=0", "WaitingCallsMax")]
    [InlineData("--Waybill:Data=", "Waybill:Data")]
    [InlineData("--Waybill:Webhook:Url=https://example.com", "Waybill:Webhook:Secret")]
    [InlineData("--Waybill:Webhook:Secret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "Waybill:Webhook:Url")]
    [InlineData("--Waybill:Webhook:Uri=https://example.com", "Uri")]
    public async Task A_setting_that_is_wrong_stops_the_start(string setting, string named) =>
        await ShouldSay(named, setting);

    [Theory]
    [InlineData("http://example.com", WebhookReceiver.Secret, "", "Webhook:Url must be")]
    [InlineData("https://example.com", "whsec_c2VjcmV0c2VjcmV0", "", "Webhook:Secret must be")]
    [InlineData("https://example.com", "c2VjcmV0", "", "Webhook:Secret must be")]
    [InlineData("https://example.com", WebhookReceiver.Secret, "Timeout=00:01:00", "Timeout is 00:01:00")]
    [InlineData("https://example.com", WebhookReceiver.Secret, "Pause=00:00:00", "Pause is 00:00:00")]
    public async Task A_webhook_that_will_not_do_stops_the_start_and_its_secret_is_not_told(
        string url, string secret, string setting, string reason)
    {
        string[] settings = [$"--Waybill:Webhook:Url={url}", $"--Waybill:Webhook:Secret={secret}"];

        var said = await ShouldSay(reason, setting == "" ? settings : [.. settings, $"--Waybill:Webhook:{setting}"]);

        said.ShouldNotContain(secret);
    }

    /// <returns>All that it said.</returns>
    internal static async Task<string> ShouldSay(string reason, params string[] arguments)
    {
        var (exitCode, output) = await ServerProcess.FailAsync(arguments);

        exitCode.ShouldBe(1, output);
        output.ShouldStartWith("Waybill cannot start: ");
        output.ShouldContain(reason, Case.Sensitive);
        output.Split('\n').Length.ShouldBe(1, output);
        return output;
    }
}
