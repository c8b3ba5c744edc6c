using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;
using Waybill.Grains.Sourcing.Projections;

namespace Waybill.Grains.Notifications;

/// <summary>
/// Posts notifications to a receiver, behind a circuit breaker: after repeated failures the receiver is left alone for
/// a while, then tried with one notification, and goes on being served if it takes that. Each silo has a breaker of
/// its own.
/// </summary>
/// <remarks>
/// It keeps nothing: what is not taken stays with the caller. An answer of 4xx is a refusal for good, except for 408
/// and 429, which ask for patience; anything else that is not 2xx is a failure of the receiver. Redirects are not
/// followed: what is signed for one address must not be carried to another.
/// </remarks>
public sealed partial class WebhookSender : INotificationSender, IDisposable
{
    /// <summary>The name of the gauge of the breaker's state: 0 closed, 1 open, 2 on trial.</summary>
    public const string StateGauge = "waybill.webhook.breaker";

    /// <summary>The name of the counter of attempts, by their outcome.</summary>
    public const string AttemptCounter = "waybill.webhook.attempts";

    // A receiver that lets everything time out, and is sent one after another, must get there within the window.
    private const int FailuresMin = 3;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly WebhookOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HttpClient _http;
    private readonly CircuitBreakerStateProvider _breaker = new();
    private readonly ResiliencePipeline<HttpStatusCode> _pipeline;
    private readonly Meter _meter = new("Waybill.Grains");
    private readonly Counter<long> _attempts;

    /// <param name="options">Where to, and how.</param>
    /// <param name="time">The clock of limits, pauses and signatures.</param>
    /// <param name="logger">Told when the breaker opens and closes.</param>
    public WebhookSender(WebhookOptions options, TimeProvider time, ILogger<WebhookSender> logger)
    {
        (_options, _time, _logger) = (options, time, logger);
        _http = new(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2), // The receiver's name may come to mean another machine.
        })
        {
            Timeout = Timeout.InfiniteTimeSpan, // The pipeline's holds.
        };
        _pipeline = Pipeline();
        _attempts = _meter.CreateCounter<long>(AttemptCounter, description: "Attempts to post a notification.");
        _meter.CreateObservableGauge(
            StateGauge, () => (int)_breaker.CircuitState, description: "0 closed, 1 open, 2 on trial.");
    }

    /// <summary>How the breaker stands.</summary>
    public CircuitState State => _breaker.CircuitState;

    /// <inheritdoc/>
    public async Task<string?> SendAsync(Notification notification, CancellationToken cancellation)
    {
        try
        {
            var status = await _pipeline.ExecuteAsync(
                async c => await PostAsync(notification, c), cancellation);
            Count(IsTaken(status) ? "taken" : IsRefused(status) ? "refused" : "failed");
            if (IsTaken(status))
                return null;
            return IsRefused(status)
                ? $"webhook-answered-{(int)status}"
                : throw new HttpRequestException($"The webhook answered {(int)status}.", null, status);
        }
        catch (BrokenCircuitException open)
        {
            Count("held-back");
            throw new NotifierAwayException("The webhook has failed repeatedly and is left alone for a while.", open);
        }
        catch (Exception error) when (error is TimeoutRejectedException or HttpRequestException { StatusCode: null })
        {
            Count("failed");
            throw new HttpRequestException("The webhook did not answer.", error);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _http.Dispose();
        _meter.Dispose();
    }

    private static bool IsTaken(HttpStatusCode status) => (int)status is >= 200 and < 300;

    private static bool IsRefused(HttpStatusCode status) => (int)status is >= 400 and < 500
        && status is not (HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests);

    private ResiliencePipeline<HttpStatusCode> Pipeline() => new ResiliencePipelineBuilder<HttpStatusCode>
    {
        TimeProvider = _time,
    }
        .AddCircuitBreaker(new()
        {
            FailureRatio = 0.5,
            MinimumThroughput = FailuresMin,
            SamplingDuration = Window,
            BreakDurationGenerator = broken => ValueTask.FromResult(PauseAfter(broken.HalfOpenAttempts)),
            // A refusal is an answer: the receiver is well.
            ShouldHandle = new PredicateBuilder<HttpStatusCode>()
                .Handle<HttpRequestException>()
                .Handle<TimeoutRejectedException>()
                .HandleResult(status => !IsTaken(status) && !IsRefused(status)),
            StateProvider = _breaker,
            OnOpened = opened =>
            {
                Opened(_options, opened.BreakDuration);
                return default;
            },
            OnClosed = _ =>
            {
                Closed(_options);
                return default;
            },
        })
        .AddTimeout(new TimeoutStrategyOptions { Timeout = _options.Timeout })
        .Build();

    private TimeSpan PauseAfter(int trials) => TimeSpan.FromTicks(
        (long)Math.Min(_options.PauseMax.Ticks, _options.Pause.Ticks * Math.Pow(2, trials)));

    private async Task<HttpStatusCode> PostAsync(Notification notification, CancellationToken cancellation)
    {
        var (id, timestamp) = (notification.Id.ToString(), _time.GetUtcNow().ToUnixTimeSeconds());
        using var request = new HttpRequestMessage(HttpMethod.Post, _options.Url);
        request.Content = new StringContent(notification.Body, Encoding.UTF8, "application/json");
        request.Headers.Add(WebhookSignature.IdHeader, id);
        request.Headers.Add(WebhookSignature.TimestampHeader, timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add(
            WebhookSignature.SignatureHeader, WebhookSignature.Of(_options.Key, id, timestamp, notification.Body));
        // What the receiver has to say beside the status is not read: it may be endless.
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        return response.StatusCode;
    }

    private void Count(string outcome) => _attempts.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    [LoggerMessage(
        LogLevel.Error,
        "The webhook at {Webhook} has failed repeatedly: the breaker is open, and notifications wait for {Pause}.")]
    private partial void Opened(WebhookOptions webhook, TimeSpan pause);

    [LoggerMessage(
        LogLevel.Information, "The webhook at {Webhook} takes notifications again: the breaker is closed.")]
    private partial void Closed(WebhookOptions webhook);
}
