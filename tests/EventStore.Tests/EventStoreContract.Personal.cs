using System.Text;
using Waybill.EventStore;
using static Waybill.EventStore.AppendResult;
using static Waybill.EventStore.Verification;
using static Waybill.Tests.EventStore.Make;

namespace Waybill.Tests.EventStore;

/// <summary>How every store keeps what is about a person, and forgets it.</summary>
public abstract partial class EventStoreContract
{
    private ISubjectStore Subjects => (ISubjectStore)Store;

    [Fact]
    public async Task Personal_texts_are_stored_encrypted_and_read_back()
    {
        const string name = "Ann \"é 😀\" Miller \\ \n";
        await Append(Stream(), 0, Authored(1, "ann", name, "hello"), Event(2, command: 1), Authored(3, "bob", "Bob"));

        var data = (string)Execute("SELECT CAST(data AS text) FROM events WHERE position = 1")!;
        data.ShouldStartWith("""{"Author":"ann","Name":{"$personal":""");
        data.ShouldNotContain("Miller");
        data.ShouldNotContain("hello");
        Note[] expected =
            [new Note.Authored("ann", name, "hello"), new Note.Written("text"), new Note.Authored("bob", "Bob")];
        (await ReadAll(Stream())).Select(e => e.Event).ShouldBe(expected);
        var log = await Store.ReadLogAsync(LogFilter.All, afterPosition: 0, limit: 10, Cancellation);
        log.Events.Select(e => Make.Types.Read(e).Event).ShouldBe(expected);
        Encoding.UTF8.GetString(log.Events[2].Data)
            .ShouldBe("""{"Author":"bob","Name":"Bob","Remark":null,"Marks":null}""");
        Count("subject_keys").ShouldBe(2);
    }

    [Fact]
    public async Task The_same_text_is_never_stored_twice_in_the_same_way()
    {
        await Append(Stream(), 0, Authored(1, "ann", "Ann", "Ann"), Authored(2, "ann", "Ann"));

        var data = Enumerable.Range(1, 2)
            .Select(n => (string)Execute($"SELECT CAST(data AS text) FROM events WHERE position = {n}")!)
            .SelectMany(json => System.Text.RegularExpressions.Regex.Matches(json, "\"\\$personal\":\"([^\"]+)\""))
            .Select(match => match.Groups[1].Value);

        data.Distinct().Count().ShouldBe(3);
    }

    [Fact]
    public async Task An_event_without_a_personal_text_needs_no_key_and_no_subject()
    {
        await Append(Stream(), 0, Authored(1, "ann", null), Authored(2, null, null));

        Count("subject_keys").ShouldBe(0);
        (await ReadAll(Stream())).Select(e => e.Event)
            .ShouldBe([new Note.Authored("ann", null), new Note.Authored(null, null)]);
    }

    [Fact]
    public async Task Once_a_subject_is_forgotten_its_texts_are_and_nothing_else_is()
    {
        await Append(
            Stream(), 0, Authored(1, "ann", "Ann"), Authored(2, "bob", "Bob"), Authored(3, "ann", null, "hello"));
        var before = await Verify();

        (await Subjects.ForgetSubjectAsync("ann", Cancellation)).ShouldBeTrue();

        (await ReadAll(Stream())).Select(e => e.Event).ShouldBe(
        [
            new Note.Authored("ann", PersonalAttribute.Forgotten),
            new Note.Authored("bob", "Bob"),
            new Note.Authored("ann", null, PersonalAttribute.Forgotten),
        ]);
        (await Verify()).ShouldBe(before);
        (await Subjects.ForgetSubjectAsync("ann", Cancellation)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_subject_that_comes_back_gets_another_key()
    {
        await Append(Stream(), 0, Authored(1, "ann", "Ann"));
        await Subjects.ForgetSubjectAsync("ann", Cancellation);
        await Append(Stream(), 1, Authored(2, "ann", "Anna"));
        Reopen();
        await Append(Stream(), 2, Authored(3, "ann", "Anne"));

        (await ReadAll(Stream())).Select(e => ((Note.Authored)e.Event).Name)
            .ShouldBe([PersonalAttribute.Forgotten, "Anna", "Anne"]);
        Count("subject_keys").ShouldBe(1);
        (await Verify()).ShouldBeOfType<Intact>();
    }

    [Fact]
    public async Task Forgetting_holds_at_once_in_every_process()
    {
        await Append(Stream(), 0, Authored(1, "ann", "Ann"));
        await ReadAll(Stream());

        Execute("DELETE FROM subject_keys");

        (await ReadAll(Stream()))[0].Event.ShouldBe(new Note.Authored("ann", PersonalAttribute.Forgotten));
    }

    [Fact]
    public async Task Forgetting_holds_at_once_for_those_who_follow_the_log()
    {
        await Append(Stream(), 0, Authored(1, "ann", "Ann"));
        (await NameInLog()).ShouldBe("Ann");

        Execute("DELETE FROM subject_keys");

        (await NameInLog()).ShouldBe(PersonalAttribute.Forgotten);

        async Task<string?> NameInLog()
        {
            var page = await Store.FollowLogAsync(LogFilter.All, afterPosition: 0, limit: 10, Cancellation);
            return ((Note.Authored)Make.Types.Read(page.Events.Single()).Event).Name;
        }
    }

    // An append that has the key in hand must be finished first.
    [Fact]
    public async Task Forgetting_waits_for_the_append_under_way()
    {
        await Append(Stream(), 0, Authored(1, "ann", "Ann"));

        using (HoldAppends())
            await Should.ThrowAsync<StoreUnavailableException>(() => Subjects.ForgetSubjectAsync("ann", Cancellation));

        (await ReadAll(Stream()))[0].Event.ShouldBe(new Note.Authored("ann", "Ann"));
        (await Subjects.ForgetSubjectAsync("ann", Cancellation)).ShouldBeTrue();
    }

    [Fact]
    public async Task What_was_tampered_with_after_it_was_forgotten_still_breaks_the_chain()
    {
        await Append(Stream(), 0, Authored(1, "ann", "Ann"), Authored(2, "ann", "Ann"));
        await Subjects.ForgetSubjectAsync("ann", Cancellation);

        Execute("UPDATE events SET data = (SELECT data FROM events WHERE position = 1) WHERE position = 2");

        (await Verify()).ShouldBeOfType<Broken>().Position.ShouldBe(2);
    }

    [Fact]
    public async Task An_append_with_personal_texts_is_idempotent_and_stays_as_it_was()
    {
        NewEvent[] events = [Authored(1, "ann", "Ann"), Authored(2, "bob", "Bob")];
        await Append(Stream(), 0, events);
        var head = await Verify();

        (await Append(Stream(), 0, events)).ShouldBe(new Appended(2, 2));
        (await Append(Stream(), 2, Authored(1, "ann", "Ann"))).ShouldBeOfType<AlreadyRecorded>();
        await Subjects.ForgetSubjectAsync("ann", Cancellation);
        (await Append(Stream(), 0, events)).ShouldBe(new Appended(2, 2));

        (await Verify()).ShouldBe(head);
        Count("subject_keys").ShouldBe(1);
    }

    [Fact]
    public async Task An_append_that_conflicts_makes_no_key()
    {
        await Append(Stream(), 0, Event(1, command: 1));

        (await Append(Stream(), 0, Authored(2, "ann", "Ann"))).ShouldBeOfType<Conflict>();

        Count("subject_keys").ShouldBe(0);
    }

    [Fact]
    public async Task Appends_of_many_subjects_at_once_are_all_read_back()
    {
        await Task.WhenAll(Enumerable.Range(1, 200).Select(n =>
            Append(Stream($"s{n}"), 0, Authored(n, $"author {n % 10}", $"name {n}"), Event(1000 + n, command: n))));

        for (var n = 1; n <= 200; n++)
            (await ReadAll(Stream($"s{n}")))[0].Event.ShouldBe(new Note.Authored($"author {n % 10}", $"name {n}"));
        Count("subject_keys").ShouldBe(10);
        (await Verify()).ShouldBeOfType<Intact>();
    }

    [Fact]
    public async Task Who_is_forgotten_while_events_are_appended_is_read_in_full_or_as_forgotten()
    {
        var appending = Task.Run(
            async () =>
            {
                for (var n = 1; n <= 60; n++)
                    (await Append(Stream(), n - 1, Authored(n, "ann", $"Ann {n}"))).ShouldBeOfType<Appended>();
            },
            Cancellation);
        while (!appending.IsCompleted)
            await Subjects.ForgetSubjectAsync("ann", Cancellation);
        await appending;

        foreach (var recorded in await ReadAll(Stream()))
            ((Note.Authored)recorded.Event).Name.ShouldBeOneOf($"Ann {recorded.Version}", PersonalAttribute.Forgotten);
        (await Verify()).ShouldBeOfType<Intact>();
    }

    [Fact]
    public async Task Forgetting_gets_through_beside_readers()
    {
        const int subjects = 30;
        for (var n = 1; n <= subjects; n++)
            await Append(Stream($"s{n}"), 0, Authored(n, $"author {n}", "Ann", new string('x', 20_000)));
        using var done = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(
            async () =>
            {
                while (!done.IsCancellationRequested)
                    await Store.ReadLogAsync(LogFilter.All, afterPosition: 0, limit: 1_000, Cancellation);
            },
            Cancellation)).ToList();

        for (var n = 1; n <= subjects; n++)
            (await Subjects.ForgetSubjectAsync($"author {n}", Cancellation)).ShouldBeTrue();

        await done.CancelAsync();
        await Task.WhenAll(readers);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("ann\0")]
    [InlineData("501")]
    public async Task A_personal_text_of_nobody_or_of_an_impossible_subject_is_a_bug_and_throws(string? subject) =>
        await Should.ThrowAsync<ArgumentException>(
            () => Append(Stream(), 0, Authored(1, subject == "501" ? new string('x', 501) : subject, "Ann")));

    [Fact]
    public async Task A_property_that_looks_encrypted_is_a_bug_and_throws()
    {
        var lookalike = new Note.Authored(
            "ann", "Ann", Marks: new Dictionary<string, string> { ["$personal"] = "AAAA" });

        await Should.ThrowAsync<ArgumentException>(() =>
            Append(Stream(), 0, Authored(1, "ann", "Ann") with { Event = lookalike }));
    }

    private long Count(string table) =>
        Convert.ToInt64(Execute($"SELECT count(*) FROM {table}"), System.Globalization.CultureInfo.InvariantCulture);
}
