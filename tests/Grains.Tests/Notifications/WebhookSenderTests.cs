using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using Polly.CircuitBreaker;
using Waybill.Grains.Notifications;
using Waybill.Grains.Sourcing.Projections;

namespace Waybill.Tests.Grains.Notifications;

/// <summary>The circuit breaker before a real receiver, over a clock that a test sets.</summary>
public sealed class WebhookSenderTests : IDisposable
{
    private readonly WebhookReceiver _receiver = WebhookReceiver.Start();
    private readonly FakeTimeProvider _clock = new();
    private readonly WebhookOptions _options;
    private readonly WebhookSender _sender;

    public WebhookSenderTests()
    {
        _options = WebhookOptionsTests.Read($"{_receiver.Url}", WebhookReceiver.Secret);
        _sender = new(_options, _clock, NullLogger<WebhookSender>.Instance);
    }

    public void Dispose()
    {
        _sender.Dispose();
        _receiver.Dispose();
    }

    [Fact]
    public async Task What_is_posted_is_signed_and_bears_the_id_and_the_time()
    {
        var id = Guid.CreateVersion7();

        (await Send(id, """{"text":"naïve 🦆"}""")).ShouldBeNull();

        var taken = _receiver.Taken.ShouldHaveSingleItem();
        taken.IsSigned.ShouldBeTrue();
        (taken.Id, taken.Timestamp, taken.Body).ShouldBe(
            ($"{id}", $"{_clock.GetUtcNow().ToUnixTimeSeconds()}", """{"text":"naïve 🦆"}"""));
        taken.ContentType.ShouldBe("application/json; charset=utf-8");
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(404)]
    [InlineData(410)]
    [InlineData(422)]
    public async Task A_refusal_is_answered_with_its_code_and_the_breaker_stays_closed(int status)
    {
        _receiver.Answer = _ => Task.FromResult(status);

        for (var i = 0; i < 10; i++)
            (await Send()).ShouldBe($"webhook-answered-{status}");

        _sender.State.ShouldBe(CircuitState.Closed);
        _receiver.Attempts.Count.ShouldBe(10);
    }

    [Theory]
    [InlineData(302)]
    [InlineData(307)]
    [InlineData(408)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task After_three_failures_nothing_is_posted_for_a_while(int status)
    {
        _receiver.Answer = _ => Task.FromResult(status);

        for (var i = 0; i < 3; i++)
            await Should.ThrowAsync<HttpRequestException>(() => Send());
        await Should.ThrowAsync<NotifierAwayException>(() => Send());
        _clock.Advance(_options.Pause - TimeSpan.FromTicks(1));
        await Should.ThrowAsync<NotifierAwayException>(() => Send());

        _sender.State.ShouldBe(CircuitState.Open);
        _receiver.Attempts.Count.ShouldBe(3);
    }

    [Fact]
    public async Task After_the_pause_one_is_posted_on_trial_and_the_breaker_closes_if_it_is_taken()
    {
        await Break();
        _clock.Advance(_options.Pause);
        var answer = new TaskCompletionSource<int>();
        _receiver.Answer = _ => answer.Task;

        var trial = Send();
        await _receiver.Until(receiver => receiver.Attempts.Count == 4);
        await Should.ThrowAsync<NotifierAwayException>(() => Send());
        _sender.State.ShouldBe(CircuitState.HalfOpen);
        answer.SetResult(204);
        (await trial).ShouldBeNull();

        _sender.State.ShouldBe(CircuitState.Closed);
        (await Send()).ShouldBeNull();
    }

    [Fact]
    public async Task A_trial_that_fails_doubles_the_pause_up_to_the_longest()
    {
        await Break();
        var pause = _options.Pause;
        for (var trial = 1; trial <= 8; trial++)
        {
            _clock.Advance(pause);
            await Should.ThrowAsync<HttpRequestException>(() => Send());
            pause = pause * 2 < _options.PauseMax ? pause * 2 : _options.PauseMax;
            _clock.Advance(pause - TimeSpan.FromTicks(1));
            await Should.ThrowAsync<NotifierAwayException>(() => Send());
            _clock.Advance(TimeSpan.FromTicks(1 - pause.Ticks) + pause);
        }
    }

    [Fact]
    public async Task A_receiver_that_hangs_counts_as_one_that_fails()
    {
        var never = new TaskCompletionSource<int>();
        _receiver.Answer = _ => never.Task;
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            var sent = Send();
            await _receiver.Until(receiver => receiver.Attempts.Count == attempt);
            _clock.Advance(_options.Timeout);
            (await Should.ThrowAsync<HttpRequestException>(() => sent)).Message.ShouldBe("The webhook did not answer.");
        }

        await Should.ThrowAsync<NotifierAwayException>(() => Send());
    }

    [Fact]
    public async Task A_receiver_that_is_not_there_counts_as_one_that_fails_and_is_served_when_it_is_back()
    {
        _receiver.Stop();
        for (var attempt = 1; attempt <= 3; attempt++)
            await Should.ThrowAsync<HttpRequestException>(() => Send());
        await Should.ThrowAsync<NotifierAwayException>(() => Send());

        _receiver.Listen();
        _clock.Advance(_options.Pause);
        (await Send()).ShouldBeNull();
    }

    [Fact]
    public async Task Who_measures_sees_how_the_breaker_stands_and_what_became_of_attempts()
    {
        var states = new List<int>();
        var outcomes = new List<object?>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, all) =>
        {
            if (instrument.Name is WebhookSender.StateGauge or WebhookSender.AttemptCounter)
                all.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<int>((_, state, _, _) => states.Add(state));
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => outcomes.Add(tags[0].Value));
        listener.Start();

        await Send();
        await Break();
        await Should.ThrowAsync<NotifierAwayException>(() => Send());
        listener.RecordObservableInstruments();

        states.ShouldContain((int)CircuitState.Open);
        outcomes.ShouldBe(["taken", "failed", "failed", "held-back"]);
    }

    private async Task Break()
    {
        _receiver.Answer = _ => Task.FromResult(500);
        while (_sender.State is CircuitState.Closed)
            await Should.ThrowAsync<HttpRequestException>(() => Send());
    }

    private Task<string?> Send(Guid? id = null, string body = "{}") =>
        _sender.SendAsync(new(id ?? Guid.CreateVersion7(), body), TestContext.Current.CancellationToken);
}
