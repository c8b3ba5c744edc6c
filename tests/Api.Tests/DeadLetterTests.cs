using System.Net;
using System.Text.Json;

namespace Waybill.Tests;

/// <summary>An event in the middle of a stream cannot be read; what operators see of it and do about it.</summary>
public sealed class DeadLetterTests
{
    private const int AttemptsMax = 5;

    [Fact]
    public async Task What_could_not_be_applied_is_shown_and_applied_once_it_can_be()
    {
        using var data = new DataDirectory();
        Guid id;
        await using (var server = await ServerProcess.StartAsync(data.Path))
        {
            var api = server.Client;
            id = await Park(data, api);
            var letter = (await api.Get("/admin/dead-letters?consumer=statement")).Body.GetProperty("items")[0];
            letter.GetProperty("consumer").GetString().ShouldBe("statement");
            letter.GetProperty("stream").GetString().ShouldBe("account-ann-1");
            letter.GetProperty("firstVersion").GetInt64().ShouldBe(3);
            letter.GetProperty("lastVersion").GetInt64().ShouldBe(4);
            (await api.Get("/accounts/bob-1/statement")).Long("closing").ShouldBe(5);
            (await api.Get("/accounts/ann-1/statement")).Long("closing").ShouldBe(1);

            var cause = letter.GetProperty("cause").GetString();
            (await DryRun(api, new { consumer = "statement", cause, dryRun = true })).ShouldBe(
                """{"dryRun":true,"runs":1,"consumers":[{"consumer":"statement","runs":1}]}""");
            (await DryRun(api, new { consumer = "statement", cause = "another", dryRun = true })).ShouldBe(
                """{"dryRun":true,"runs":0,"consumers":[{"consumer":"statement","runs":0}]}""");
            (await Items(api, $"cause={Uri.EscapeDataString(cause!)}")).Count.ShouldBe(1);
            (await Items(api, "cause=another")).ShouldBeEmpty();
            (await Items(api, "consumer=account_list")).ShouldBeEmpty();
            (await Items(api, $"limit=1&cursor={letter.GetProperty("firstPosition")}.statement")).ShouldBeEmpty();

            await FailUntilOnlyAPersonTries(api, id);
            var shown = (await api.Get($"/admin/dead-letters/{id}")).ShouldBe(HttpStatusCode.OK);
            shown.Text.ShouldNotContain("   at ");
            var act = shown.Body.GetProperty("acts")[0];
            act.GetProperty("act").GetString().ShouldBe("redrive");
            act.GetProperty("by").GetString().ShouldBe("dev");
            (await server.StopAsync()).ShouldBe(0);
        }
        await data.Execute("""UPDATE events SET data = '{"amount":2}' WHERE id = 'ann-1' AND version = 3""");
        await using var again = await ServerProcess.StartAsync(data.Path);

        var redriven = await again.Client.Post($"/admin/dead-letters/{id}/redrive");

        redriven.ShouldBe(HttpStatusCode.OK).Text.ShouldBe("""{"status":"done","applied":2,"error":null}""");
        (await again.Client.Get("/accounts/ann-1/statement")).Long("closing").ShouldBe(7);
        (await Items(again.Client, "")).ShouldBeEmpty();
        (await again.Client.Post($"/admin/dead-letters/{id}/redrive"))
            .ShouldBeProblem(HttpStatusCode.NotFound, "dead-letter-not-found");
        var settled = await again.Client.Get($"/admin/dead-letters/{id}");
        settled.ShouldBe(HttpStatusCode.OK).String("stream").ShouldBe("account-ann-1");
        settled.Body.GetProperty("acts")[0].GetProperty("result").GetString()
            .ShouldBe("applied 2 events; nothing is left");
    }

    [Fact]
    public async Task Those_of_a_cause_are_redriven_together()
    {
        using var data = new DataDirectory();
        await using (var server = await ServerProcess.StartAsync(data.Path))
        {
            await FailUntilOnlyAPersonTries(server.Client, await Park(data, server.Client));
            (await server.StopAsync()).ShouldBe(0);
        }
        await data.Execute("""UPDATE events SET data = '{"amount":2}' WHERE id = 'ann-1' AND version = 3""");
        await using var again = await ServerProcess.StartAsync(data.Path);

        var begun = await again.Client.Post("/admin/dead-letters/redrive", new { dryRun = false, ratePerSecond = 100 });

        begun.ShouldBe(HttpStatusCode.Accepted).Long("runs").ShouldBe(1);
        while ((await Items(again.Client, "")).Count > 0)
            ;
        (await again.Client.Get("/accounts/ann-1/statement")).Long("closing").ShouldBe(7);
    }

    [Fact]
    public async Task What_is_discarded_is_left_out_and_the_rest_is_tried()
    {
        using var data = new DataDirectory();
        await using var server = await ServerProcess.StartAsync(data.Path);
        var id = await Park(data, server.Client);

        var discarded = await server.Client.Send(HttpMethod.Delete, $"/admin/dead-letters/{id}");

        // A statement's line goes on from the one before, which is not there now.
        discarded.ShouldBe(HttpStatusCode.OK).String("status").ShouldBe("failed");
        var letter = await server.Client.Get($"/admin/dead-letters/{id}");
        letter.Long("firstVersion").ShouldBe(4);
        letter.Body.GetProperty("acts").EnumerateArray()
            .ShouldContain(act => act.GetProperty("act").GetString() == "discard");
        (await server.Client.Send(HttpMethod.Delete, $"/admin/dead-letters/{id}"))
            .ShouldBe(HttpStatusCode.OK).String("status").ShouldBe("done");
        (await server.Client.Send(HttpMethod.Delete, $"/admin/dead-letters/{id}"))
            .ShouldBeProblem(HttpStatusCode.NotFound, "dead-letter-not-found");
    }

    // The second time as if the server had died after the first event was left out and before that was answered.
    [Fact]
    public async Task Under_one_key_one_event_is_left_out()
    {
        using var data = new DataDirectory();
        await using var server = await ServerProcess.StartAsync(data.Path);
        var id = await Park(data, server.Client);
        (await Discard("one")).ShouldBe(HttpStatusCode.OK).String("status").ShouldBe("failed");
        (await Discard("one")).IsReplayed.ShouldBeTrue();

        await data.Execute("UPDATE idempotency_keys SET answer = NULL, lease_end = 0");
        var found = await Discard("one");

        (found.IsReplayed, found.ShouldBe(HttpStatusCode.OK).String("status")).ShouldBe((false, "failed"));
        (await server.Client.Get($"/admin/dead-letters/{id}")).Long("firstVersion").ShouldBe(4);
        (await Discard("two")).ShouldBe(HttpStatusCode.OK).String("status").ShouldBe("done");

        Task<Answer> Discard(string key) => server.Client.Send(
            HttpMethod.Delete, $"/admin/dead-letters/{id}", content: null, ("Idempotency-Key", key));
    }

    // Three deposits of 1, 2 and 4, of which the second cannot be read when the statements are built anew.
    private static async Task<Guid> Park(DataDirectory data, ApiClient api)
    {
        foreach (var (account, amounts) in ((string, int[])[])[("ann-1", [1, 2, 4]), ("bob-1", [5])])
        {
            await api.Post("/accounts", new { accountId = account, owner = "ann", currency = "EUR" });
            foreach (var amount in amounts)
                (await api.Post($"/accounts/{account}/deposits", new { amount })).ShouldBe(HttpStatusCode.OK);
        }
        (await api.Get("/accounts/ann-1/statement?after=6")).Long("closing").ShouldBe(7);
        await data.Execute("UPDATE events SET data = '{}' WHERE id = 'ann-1' AND version = 3");
        (await api.Post("/admin/projections/statement/rebuild")).ShouldBe(HttpStatusCode.Accepted);
        while (true)
        {
            var items = await Items(api, "");
            if (items.Count > 0)
                return items.ShouldHaveSingleItem().GetProperty("id").GetGuid();
        }
    }

    // A host tries a few times by itself; only after those is it certain who redrives.
    private static async Task FailUntilOnlyAPersonTries(ApiClient api, Guid id)
    {
        while ((await api.Get($"/admin/dead-letters/{id}")).Body.GetProperty("attempts").GetArrayLength() < AttemptsMax)
            (await api.Post($"/admin/dead-letters/{id}/redrive"))
                .ShouldBe(HttpStatusCode.OK).String("status").ShouldBe("failed");
    }

    private static async Task<string> DryRun(ApiClient api, object body) =>
        (await api.Post("/admin/dead-letters/redrive", body)).ShouldBe(HttpStatusCode.OK).Text;

    private static async Task<List<JsonElement>> Items(ApiClient api, string query) =>
    [
        .. (await api.Get($"/admin/dead-letters?{query}")).ShouldBe(HttpStatusCode.OK)
            .Body.GetProperty("items").EnumerateArray(),
    ];
}
