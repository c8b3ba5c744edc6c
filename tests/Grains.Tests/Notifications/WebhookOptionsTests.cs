using System.Text;
using Waybill.Grains.Notifications;

namespace Waybill.Tests.Grains.Notifications;

public sealed class WebhookOptionsTests
{
    // The example that the libraries of Standard Webhooks are tested with.
    [Fact]
    public void A_signature_is_that_of_Standard_Webhooks() =>
        WebhookSignature.Of(
            Read("https://example.com/hook", WebhookReceiver.Secret).Key,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1614265330,
            """{"test": 2432232314}""").ShouldBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");

    [Theory]
    [InlineData("https://example.com")]
    [InlineData("https://example.com:8443/hook?customer=1")]
    [InlineData("http://127.0.0.1:9000/hook")]
    [InlineData("http://localhost/hook")]
    public void An_address_over_TLS_or_on_this_machine_is_one(string url) =>
        Read(url, WebhookReceiver.Secret).Url.ShouldBe(new Uri(url));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("hook")]
    [InlineData("/hook")]
    [InlineData("http://example.com/hook")]
    [InlineData("https://ann:secret@example.com/hook")]
    [InlineData("https://example.com/hook#there")]
    [InlineData("ftp://example.com/hook")]
    [InlineData("file:///hook")]
    public void An_address_that_will_not_do_is_refused(string? url) =>
        Error(url, WebhookReceiver.Secret).ShouldStartWith("Url ");

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("whsec_")]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData("whsec_*fKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa")]
    public void A_secret_that_will_not_do_is_refused_and_not_told(string? secret)
    {
        var error = Error("https://example.com/hook", secret);

        error.ShouldStartWith("Secret ");
        error.ShouldNotContain("KQ9r8GKY");
    }

    [Theory]
    [InlineData(23, false)]
    [InlineData(24, true)]
    [InlineData(64, true)]
    [InlineData(65, false)]
    [InlineData(200, false)]
    public void A_secret_has_24_to_64_bytes(int bytes, bool isOne)
    {
        var secret = $"whsec_{Convert.ToBase64String(Encoding.ASCII.GetBytes(new string('k', bytes)))}";

        WebhookOptions.TryRead("https://example.com/hook", secret, out _, out _).ShouldBe(isOne);
    }

    [Fact]
    public void Written_out_it_names_the_receiver_and_nothing_that_is_secret() =>
        $"{Read("https://example.com/hook/secret?key=secret", WebhookReceiver.Secret)}"
            .ShouldBe("https://example.com");

    internal static WebhookOptions Read(string? url, string? secret)
    {
        WebhookOptions.TryRead(url, secret, out var options, out var error).ShouldBeTrue(error);
        return options!;
    }

    private static string Error(string? url, string? secret)
    {
        WebhookOptions.TryRead(url, secret, out _, out var error).ShouldBeFalse();
        return error!;
    }
}
