using System.Globalization;
using System.Net;

namespace Waybill.Tests;

public sealed class FeedTests(RunningServer server)
{
    private readonly ApiClient _api = server.Api;

    [Fact]
    public async Task What_happens_arrives_at_once_as_the_log_shows_it()
    {
        var id = await _api.OpenAccount();
        await using var feed = await Feed.FollowAsync(_api, $"?stream=account-{id}");
        (await feed.Next()).Type.ShouldBe("account.opened");

        await _api.Post($"/accounts/{id}/deposits", new { amount = 5, reference = "naïve \"rent\"" });

        var arrived = await feed.Next();
        var shown = (await _api.Get($"/accounts/{id}/events")).Body.GetProperty("items")[1];
        arrived.Type.ShouldBe("account.money-deposited");
        arrived.Data.ShouldBe(shown.GetRawText());
        arrived.Position.ShouldBe(shown.GetProperty("position").GetInt64());
    }

    [Fact]
    public async Task The_answer_says_where_the_log_ended_as_it_began()
    {
        var id = await _api.OpenAccount();
        var written = (await _api.Get($"/accounts/{id}")).Header("Waybill-Position")!;

        var began = (await _api.Send(HttpMethod.Head, $"/events/stream?after={written}")).ShouldBe(HttpStatusCode.OK);

        long.Parse(began.Header("Waybill-Position")!).ShouldBeGreaterThanOrEqualTo(long.Parse(written));
    }

    [Fact]
    public async Task Whoever_comes_again_misses_nothing_and_sees_nothing_twice()
    {
        var begin = await Head();
        var last = $"last-{Guid.NewGuid():N}";
        var ids = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => _api.OpenAccount()));
        var writing = WriteAsync();

        var seen = new List<long> { begin };
        for (var hasSeenLast = false; !hasSeenLast;)
        {
            await using var feed = await Feed.FollowAsync(_api, $"?after={begin}", lastEventId: seen[^1]);
            for (var taken = 0; taken < 7 && !hasSeenLast; taken++)
            {
                var item = await feed.Next();
                seen.Add(item.Position);
                hasSeenLast = item.Data.Contains(last, StringComparison.Ordinal);
            }
        }

        await writing;
        seen.ShouldBe(Enumerable.Range(0, seen.Count).Select(step => begin + step));
        seen.Count.ShouldBeGreaterThan(160);

        async Task WriteAsync()
        {
            await Task.WhenAll(ids.Select(async id =>
            {
                for (var deposit = 0; deposit < 40; deposit++)
                    (await _api.Post($"/accounts/{id}/deposits", new { amount = 1 })).ShouldBe(HttpStatusCode.OK);
            }));
            await _api.Post("/accounts", new { accountId = last, owner = "ann", currency = "EUR" });
        }
    }

    [Fact]
    public async Task What_a_client_says_it_saw_last_counts_more_than_where_it_asks_to_begin()
    {
        var id = await _api.OpenAccount(balance: 5);
        var position = (await _api.Get($"/accounts/{id}/events")).Body
            .GetProperty("items")[0].GetProperty("position").GetInt64();

        await using var feed = await Feed.FollowAsync(_api, $"?after=0&stream=account-{id}", lastEventId: position);

        (await feed.Next()).Type.ShouldBe("account.money-deposited");
    }

    [Fact]
    public async Task Beyond_the_end_it_waits()
    {
        var head = await Head();
        await using var feed = await Feed.FollowAsync(_api, $"?after={head + 2}");

        var id = await _api.OpenAccount();
        for (var deposit = 0; deposit < 3; deposit++)
            await _api.Post($"/accounts/{id}/deposits", new { amount = 1 });

        (await feed.Next()).Position.ShouldBe(head + 3);
    }

    [Fact]
    public async Task It_is_filtered_by_type_and_stream()
    {
        var (one, other) = (await _api.OpenAccount(balance: 5), await _api.OpenAccount(balance: 6));
        await _api.Post($"/accounts/{one}/withdrawals", new { amount = 1 });
        await _api.Post($"/accounts/{one}/deposits", new { amount = 7 });

        await using var feed = await Feed.FollowAsync(_api, $"?type=account.money-deposited&stream=account-{one}");

        (await feed.Next()).Data.ShouldContain("\"amount\":5");
        (await feed.Next()).Data.ShouldContain("\"amount\":7");
        other.ShouldNotBe(one);
    }

    [Theory]
    [InlineData("?after=-1", null)]
    [InlineData("?after=x", null)]
    [InlineData("?after=", null)]
    [InlineData("?after=1&after=2", null)]
    [InlineData("?after=x", "1")]
    [InlineData("?after=9223372036854775808", null)]
    [InlineData("?stream=account", null)]
    [InlineData("?type=", null)]
    [InlineData("?limit=5", null)]
    [InlineData("", "x")]
    [InlineData("", "-1")]
    [InlineData("", "1.5")]
    public async Task A_place_that_cannot_be_is_malformed(string query, string? lastEventId) =>
        (await _api.Send(HttpMethod.Get, $"/events/stream{query}", headers: ("Last-Event-ID", lastEventId)))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    [Fact]
    public async Task Its_head_alone_can_be_asked_for() =>
        (await _api.Send(HttpMethod.Head, "/events/stream")).ShouldBe(HttpStatusCode.OK)
            .ContentType.ShouldBe("text/event-stream");

    [Fact]
    public async Task Two_hundred_clients_are_each_told_everything()
    {
        var begin = await Head();
        var feeds = await Task.WhenAll(Enumerable.Range(0, 200).Select(
            _ => Feed.FollowAsync(_api, $"?after={begin}")));

        var id = await _api.OpenAccount();
        for (var deposit = 0; deposit < 20; deposit++)
            await _api.Post($"/accounts/{id}/deposits", new { amount = 1 });
        var end = await Head();

        foreach (var feed in feeds)
        {
            for (var position = begin + 1; position <= end; position++)
                (await feed.Next()).Position.ShouldBe(position);
            await feed.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_client_that_does_not_read_holds_up_nobody_and_misses_nothing()
    {
        var begin = await Head();
        await using var slow = await Feed.FollowAsync(_api, $"?after={begin}");
        await using var quick = await Feed.FollowAsync(_api, $"?after={begin}");

        var id = await _api.OpenAccount();
        // Far more than the buffers of the connection hold.
        await Parallel.ForAsync(0, 3_000, TestContext.Current.CancellationToken, async (_, _) => await _api.Post(
            $"/accounts/{id}/deposits", new { amount = 1, reference = new string('é', 200) }));
        var end = await Head();

        for (var position = begin + 1; position <= end; position++)
            (await quick.Next()).Position.ShouldBe(position);
        for (var position = begin + 1; position <= end; position++)
            (await slow.Next()).Position.ShouldBe(position);
    }

    [Fact]
    public async Task A_server_that_stops_ends_what_it_sends()
    {
        using var data = new DataDirectory();
        await using var stopped = await ServerProcess.StartAsync(data.Path);
        await stopped.Client.OpenAccount();
        var feeds = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Feed.FollowAsync(stopped.Client, "")));
        foreach (var feed in feeds)
            (await feed.Next()).Position.ShouldBe(1);

        var stopping = stopped.StopAsync();

        foreach (var feed in feeds)
            await feed.ShouldEnd();
        (await stopping.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)).ShouldBe(0);
    }

    [Fact]
    public async Task Clients_that_leave_take_their_connections_with_them()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows what a process has open.");
        using var data = new DataDirectory();
        await using var left = await ServerProcess.StartAsync(data.Path);
        await left.Client.OpenAccount();
        var before = left.OpenFiles;

        var feeds = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Feed.FollowAsync(left.Client, "")));
        foreach (var feed in feeds)
            (await feed.Next()).Position.ShouldBe(1);
        // A server that has just started still closes a few files of its own.
        left.OpenFiles.ShouldBeGreaterThan(before + 80);
        foreach (var feed in feeds)
            await feed.DisposeAsync();

        // The pool of the client may keep a few connections, of the requests themselves.
        while (left.OpenFiles > before + 20)
            await left.Client.Get("/health/live");
        await using var again = await Feed.FollowAsync(left.Client, "");
        (await again.Next()).Position.ShouldBe(1);
    }

    [Fact]
    public async Task While_nothing_happens_there_is_a_sign_of_life_that_says_how_far_it_has_got()
    {
        using var data = new DataDirectory();
        await using var quiet = await ServerProcess.StartAsync(data.Path, "--Waybill:Heartbeat=00:00:00.1");
        var id = await quiet.Client.OpenAccount();

        await using var all = await Feed.FollowAsync(quiet.Client, "");
        (await all.Lines(7)).ShouldBe(
            ["retry: 1000", "", "id: 1", "event: account.opened", $"data: {await Shown()}", "", ":"]);
        await using var none = await Feed.FollowAsync(quiet.Client, "?type=account.closed");
        (await none.Lines(7)).ShouldBe(["retry: 1000", "", ":", "id: 1", "", ":", ""]);

        async Task<string> Shown() =>
            (await quiet.Client.Get($"/accounts/{id}/events")).Body.GetProperty("items")[0].GetRawText();
    }

    // The log is at least as long as what was just answered, and whatever was answered before is in it.
    private async Task<long> Head() => long.Parse(
        (await _api.Post("/accounts", new { owner = "ann", currency = "EUR" })).Header("Waybill-Position")!,
        CultureInfo.InvariantCulture);
}
