using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Waybill.Tests;

public sealed class CorrelationTreeTests(RunningServer server)
{
    private readonly ApiClient _api = server.Api;

    [Fact]
    public async Task From_one_correlation_id_comes_the_tree_of_all_that_the_request_set_off()
    {
        var (from, to) = (await _api.OpenAccount(balance: 5), await _api.OpenAccount());
        var id = $"test-{Guid.NewGuid()}";
        var transfer = await Transfer(id, from, to);

        var tree = await _api.Get($"/admin/correlations/{id}");

        tree.ShouldBe(HttpStatusCode.OK).String("correlationId").ShouldBe(id);
        tree.Body.GetProperty("isWhole").GetBoolean().ShouldBeTrue();
        Told(tree).ShouldBe(
        [
            "0 command done",
            $"1 event saga.stepped transfer-{transfer} requested",
            $"2 command done debit account.withdraw {from}",
            $"3 event account.money-withdrawn account-{from}",
            "3 command done",
            $"4 event saga.stepped transfer-{transfer} done",
            $"5 command done credit account.deposit {to}",
            $"6 event account.money-deposited account-{to}",
            "6 command done",
            $"7 event saga.stepped transfer-{transfer} done",
        ]);
    }

    [Fact]
    public async Task What_was_refused_has_its_place_in_the_tree_and_every_cause_stands_in_it()
    {
        var (from, to) = (await _api.OpenAccount(balance: 5), await _api.OpenAccount());
        (await _api.Post($"/accounts/{to}/close")).ShouldBe(HttpStatusCode.OK);
        var id = $"test-{Guid.NewGuid()}";
        var transfer = await Transfer(id, from, to);

        var tree = await _api.Get($"/admin/correlations/{id}");

        var told = Told(tree);
        told.ShouldContain($"5 command refused credit account.deposit {to} account-closed");
        told.ShouldContain($"7 event saga.stepped transfer-{transfer} refused");
        told.ShouldContain($"8 command done undo-debit account.deposit {from}");
        var nodes = Nodes(tree);
        var ids = nodes.Select(node => node.GetProperty("id").GetString()).ToHashSet();
        nodes.Skip(1).ShouldAllBe(node => ids.Contains(node.GetProperty("parent").GetString()));
        nodes.Where(node => node.TryGetProperty("causationId", out _))
            .ShouldAllBe(node => ids.Contains(node.GetProperty("causationId").GetString()));
    }

    [Theory]
    [InlineData("nobody-ever-sent-this", HttpStatusCode.NotFound, "correlation-not-found")]
    [InlineData("with%20space", HttpStatusCode.BadRequest, "malformed")]
    public async Task What_is_no_correlation_is_said_so(string id, HttpStatusCode status, string code) =>
        (await _api.Get($"/admin/correlations/{id}")).ShouldBeProblem(status, code);

    private async Task<string> Transfer(string correlationId, string from, string to)
    {
        var body = JsonContent.Create(new { from, to, amount = 5, currency = "EUR" });
        var started = await _api.Send(HttpMethod.Post, "/transfers", body, ("X-Correlation-Id", correlationId));
        var transfer = started.ShouldBe(HttpStatusCode.Accepted).String("transferId");
        while ((await _api.Get($"/transfers/{transfer}")).String("status") == "pending")
        {
            // It ends by itself.
        }
        return transfer!;
    }

    private static List<JsonElement> Nodes(Answer tree) => [.. tree.Body.GetProperty("items").EnumerateArray()];

    // Each node in a line: its depth, its kind, and what tells it from others.
    private static List<string> Told(Answer tree) => [.. Nodes(tree).Select(node => string.Join(' ', new[]
    {
        node.GetProperty("depth").GetRawText(),
        Text(node, "kind"),
        Text(node, "status"),
        Text(node, "name"),
        Text(node, "type"),
        Text(node, "target"),
        Text(node, "code"),
        Text(node, "stream"),
        node.TryGetProperty("step", out var step) ? step.GetProperty("input").GetProperty("name").GetString() : null,
    }.Where(part => part is not null)))];

    private static string? Text(JsonElement node, string name) =>
        node.TryGetProperty(name, out var value) ? value.GetString() : null;
}
