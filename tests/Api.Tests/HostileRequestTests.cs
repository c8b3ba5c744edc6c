using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Waybill.Tests;

/// <summary>Nothing that comes over the wire makes the server answer 500, or not answer at all.</summary>
public sealed class HostileRequestTests(RunningServer server)
{
    private readonly ApiClient _api = server.Api;

    [Theory]
    [InlineData("GET /accounts/%00 HTTP/1.1")]
    [InlineData("GET /accounts/%zz HTTP/1.1")]
    [InlineData("GET /accounts/%ff%fe HTTP/1.1")]
    [InlineData("GET /accounts/..%2f..%2fetc HTTP/1.1")]
    [InlineData("GET /accounts/../accounts/../../a HTTP/1.1")]
    [InlineData("GET /accounts/';DROP%20TABLE%20events;-- HTTP/1.1")]
    [InlineData("GET /accounts?owner=%00 HTTP/1.1")]
    [InlineData("GET /accounts?owner=%ff HTTP/1.1")]
    [InlineData("GET /accounts?owner=%ed%a0%80 HTTP/1.1")]
    [InlineData("GET /accounts?owner='%20OR%201=1-- HTTP/1.1")]
    [InlineData("GET /accounts?limit=%d9%a3 HTTP/1.1")]
    [InlineData("GET /accounts?cursor=%00 HTTP/1.1")]
    [InlineData("GET /accounts?&&&=&=== HTTP/1.1")]
    [InlineData("GET /accounts?owner HTTP/1.1")]
    [InlineData("GET /accounts/a?asOf=0000-00-00T00:00:00Z HTTP/1.1")]
    [InlineData("GET /accounts/a?asOf=0001-01-01T00:00:00%2B14:00 HTTP/1.1")]
    [InlineData("GET /accounts/a?asOf=2026-01-01T00:00:00.99999999999999999999Z HTTP/1.1")]
    [InlineData("GET /accounts/a?version=9223372036854775807 HTTP/1.1")]
    [InlineData("GET /accounts/a/statement?from=0001-01-01T00:00:00Z HTTP/1.1")]
    [InlineData("GET /accounts/a/diff?from=9223372036854775807&to=9223372036854775807 HTTP/1.1")]
    [InlineData("OPTIONS * HTTP/1.1")]
    [InlineData("TRACE /accounts HTTP/1.1")]
    [InlineData("PATCH /accounts/a HTTP/1.1")]
    [InlineData("BREW /accounts HTTP/1.1")]
    [InlineData("POST /accounts/a/deposits HTTP/1.1")]
    [InlineData("POST /transfers HTTP/1.1", "Content-Type: application/json")]
    [InlineData("POST /accounts HTTP/1.1", "Content-Type: application/json", "Content-Length: -1")]
    [InlineData("POST /accounts HTTP/1.1", "Content-Type: ;;;", "Content-Length: 0")]
    [InlineData("POST /accounts/a/close HTTP/1.1", "If-Match: \"", "If-Match: *")]
    [InlineData("POST /accounts/a/close HTTP/1.1", "Idempotency-Key: \t")]
    [InlineData("POST /accounts/a/close HTTP/1.1", "Idempotency-Key: \u00e4\u20ac")]
    [InlineData("POST /accounts/a/close HTTP/1.1", "X-Correlation-Id: a", "X-Correlation-Id: b")]
    [InlineData("GET /accounts/a HTTP/1.1", "X-Correlation-Id: \u00e4")]
    [InlineData("GET /accounts/a HTTP/1.1", "traceparent: 00-zz-zz-zz")]
    [InlineData("GET /accounts/a HTTP/1.1", "Range: bytes=5-1", "If-Modified-Since: never", "Accept: ///")]
    public async Task Whatever_is_asked_the_caller_is_told_what_is_wrong(params string[] lines)
    {
        var head = string.Join("\r\n", [lines[0], "Host: localhost", "Connection: close", .. lines[1..]]);
        using var client = new TcpClient();
        await client.ConnectAsync(_api.Address.Host, _api.Address.Port, TestContext.Current.CancellationToken);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"{head}\r\n\r\n"), TestContext.Current.CancellationToken);

        var answer = await new StreamReader(stream).ReadToEndAsync(TestContext.Current.CancellationToken);

        int.Parse(answer.Split(' ')[1]).ShouldBeInRange(200, 499, answer);
        foreach (var inside in (string[])["   at ", "Exception", "System.", "Waybill.", "SELECT"])
            answer.ShouldNotContain(inside, Case.Sensitive);
        (await _api.Get("/health/ready")).ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("deposits")]
    [InlineData("withdrawals")]
    [InlineData("interest")]
    public async Task Only_money_moves_money(string act)
    {
        var id = await _api.OpenAccount(balance: 5);

        foreach (var amount in (string[])["0", "-1", "1.5", "1.0", "1e2", "\"1\"", "null", "true", "[1]", "1e400",
            "9223372036854775808", "0x10", "01", "NaN", "-0"])
            (await _api.PostText($"/accounts/{id}/{act}", $$"""{"amount":{{amount}}}"""))
                .ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");
        (await _api.Get($"/accounts/{id}")).ETag.ShouldBe("\"2\"");
    }
}
