using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Waybill.EventStore.Personal;

/// <summary>
/// Encrypts the personal texts of an event's JSON, and decrypts them. In the place of each text stands
/// <c>{"$personal":"..."}</c>: in Base64 a nonce of 12 bytes, the text as it stood between its quotation marks, and the
/// tag of 16 bytes. AES-256-GCM, with the event's id and the property's name as associated data, so that a text cannot
/// be moved to another place (docs/adr/0003).
/// </summary>
/// <remarks>
/// An object is never where a text is expected: what is sealed is told from what is not without knowing the event's
/// type, and what cannot be opened cannot be taken for a text. The length of a text shows.
/// </remarks>
internal static class SealedTexts
{
    public const int KeySize = 32;

    private const int NonceSize = 12, TagSize = 16;

    private static readonly byte[] Mark = "$personal"u8.ToArray();
    private static readonly byte[] Opening = "{\"$personal\":\""u8.ToArray();
    private static readonly byte[] Closing = "\"}"u8.ToArray();
    private static readonly byte[] Forgotten = Encoding.UTF8.GetBytes($"\"{PersonalAttribute.Forgotten}\"");

    /// <summary>Encrypts the texts of the named properties; null stays null.</summary>
    public static byte[] Seal(byte[] json, IReadOnlySet<string> names, Guid eventId, ReadOnlySpan<byte> key)
    {
        using var cipher = new AesGcm(key, TagSize);
        var result = new ArrayBufferWriter<byte>(json.Length + names.Count * 100);
        var copied = 0;
        var properties = new Properties(json);
        while (properties.Next())
        {
            if (!properties.IsText || !names.Contains(properties.Name))
                continue;
            result.Write(json.AsSpan(copied..properties.Start));
            Encrypt(properties.Text, cipher, Place(eventId, properties.Name), result);
            copied = properties.End;
        }
        result.Write(json.AsSpan(copied..));
        return result.WrittenSpan.ToArray();
    }

    /// <summary>
    /// Decrypts what is sealed. Without the key each text reads as <see cref="PersonalAttribute.Forgotten"/>; what the
    /// key does not fit stays as it is, and so does data that is damaged.
    /// </summary>
    public static byte[] Open(byte[] json, Guid eventId, byte[]? key)
    {
        using var cipher = key is { Length: KeySize } ? new AesGcm(key, TagSize) : null;
        var result = new ArrayBufferWriter<byte>(json.Length);
        var copied = 0;
        var properties = new Properties(json);
        try
        {
            while (properties.Next())
            {
                if (!properties.IsSealed)
                    continue;
                result.Write(json.AsSpan(copied..properties.Start));
                copied = properties.Start;
                if (key is null)
                    result.Write(Forgotten);
                else if (!TryDecrypt(properties.Text, cipher, Place(eventId, properties.Name), result))
                    continue;
                copied = properties.End;
            }
        }
        catch (JsonException)
        {
            return json;
        }
        result.Write(json.AsSpan(copied..));
        return result.WrittenSpan.ToArray();
    }

    /// <summary>True if an event's JSON has a sealed text in it.</summary>
    public static bool AreIn(byte[] json)
    {
        var properties = new Properties(json);
        try
        {
            while (properties.Next())
                if (properties.IsSealed)
                    return true;
            return false;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static byte[] Place(Guid eventId, string name) =>
        [.. eventId.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(name)];

    private static void Encrypt(
        ReadOnlySpan<byte> text, AesGcm cipher, byte[] place, ArrayBufferWriter<byte> result)
    {
        var bytes = new byte[NonceSize + text.Length + TagSize];
        var nonce = bytes.AsSpan(..NonceSize);
        RandomNumberGenerator.Fill(nonce);
        cipher.Encrypt(nonce, text, bytes.AsSpan(NonceSize, text.Length), bytes.AsSpan(^TagSize..), place);
        result.Write(Opening);
        var base64 = result.GetSpan(Base64.GetMaxEncodedToUtf8Length(bytes.Length));
        Base64.EncodeToUtf8(bytes, base64, out _, out var length);
        result.Advance(length);
        result.Write(Closing);
    }

    private static bool TryDecrypt(
        ReadOnlySpan<byte> base64, AesGcm? cipher, byte[] place, ArrayBufferWriter<byte> result)
    {
        var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(base64.Length)];
        if (cipher is null
            || Base64.DecodeFromUtf8(base64, bytes, out _, out var length) != OperationStatus.Done
            || length < NonceSize + TagSize)
            return false;
        var text = new byte[length - NonceSize - TagSize];
        try
        {
            cipher.Decrypt(
                bytes.AsSpan(..NonceSize),
                bytes.AsSpan(NonceSize, text.Length),
                bytes.AsSpan(length - TagSize, TagSize),
                text,
                place);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
        result.Write("\""u8);
        result.Write(text);
        result.Write("\""u8);
        return true;
    }

    /// <summary>Goes through the properties of a JSON object, and not into them.</summary>
    private ref struct Properties(ReadOnlySpan<byte> json)
    {
        private Utf8JsonReader _reader = new(json);

        public string Name { get; private set; } = "";

        /// <summary>Where the value begins and ends.</summary>
        public int Start { get; private set; }

        public int End { get; private set; }

        public bool IsText { get; private set; }

        public bool IsSealed { get; private set; }

        /// <summary>What stands between the quotation marks: of the text, or of the sealed one's Base64.</summary>
        public ReadOnlySpan<byte> Text { get; private set; }

        /// <exception cref="JsonException">This is not JSON.</exception>
        public bool Next()
        {
            if (_reader.TokenType == JsonTokenType.None && !(_reader.Read() && IsAt(JsonTokenType.StartObject)))
                return false;
            if (!_reader.Read() || !IsAt(JsonTokenType.PropertyName))
                return false;
            Name = _reader.GetString()!;
            _reader.Read();
            Start = (int)_reader.TokenStartIndex;
            IsText = IsAt(JsonTokenType.String);
            if (IsText)
                Text = _reader.ValueSpan;
            IsSealed = IsAt(JsonTokenType.StartObject) && TryEnter();
            if (!IsSealed)
                _reader.Skip();
            End = (int)_reader.BytesConsumed;
            return true;
        }

        private readonly bool IsAt(JsonTokenType type) => _reader.TokenType == type;

        // Sealed is what has the mark as its one property, with a text.
        private bool TryEnter()
        {
            var inner = _reader;
            if (!inner.Read() || inner.TokenType != JsonTokenType.PropertyName || !inner.ValueTextEquals(Mark))
                return false;
            if (!inner.Read() || inner.TokenType != JsonTokenType.String)
                return false;
            Text = inner.ValueSpan;
            if (!inner.Read() || inner.TokenType != JsonTokenType.EndObject)
                return false;
            _reader = inner;
            return true;
        }
    }
}
