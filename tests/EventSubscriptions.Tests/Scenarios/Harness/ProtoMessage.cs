using System.Globalization;
using Google.Protobuf;

namespace EventSubscriptions.Tests.Scenarios.Harness;

/// <summary>A message of protocol buffers, read without its schema: fields by number, numbers as 64 bits.</summary>
internal sealed class ProtoMessage
{
    private readonly List<(int Field, ByteString Bytes)> _bytes = [];
    private readonly Dictionary<int, ulong> _numbers = [];

    public static ProtoMessage Parse(byte[] bytes)
    {
        var message = new ProtoMessage();
        var input = new CodedInputStream(bytes);
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            var field = WireFormat.GetTagFieldNumber(tag);
            switch (WireFormat.GetTagWireType(tag))
            {
                case WireFormat.WireType.LengthDelimited:
                    message._bytes.Add((field, input.ReadBytes()));
                    break;
                case WireFormat.WireType.Varint:
                    message._numbers[field] = input.ReadUInt64();
                    break;
                case WireFormat.WireType.Fixed64:
                    message._numbers[field] = input.ReadFixed64();
                    break;
                default:
                    message._numbers[field] = input.ReadFixed32();
                    break;
            }
        }

        return message;
    }

    public IEnumerable<ProtoMessage> Messages(int field) =>
        _bytes.Where(item => item.Field == field).Select(item => Parse(item.Bytes.ToByteArray()));

    public ProtoMessage Message(int field) => Messages(field).FirstOrDefault() ?? new ProtoMessage();

    public string Text(int field) => _bytes.FirstOrDefault(item => item.Field == field).Bytes?.ToStringUtf8() ?? "";

    public string Hex(int field) => Convert.ToHexStringLower(_bytes.FirstOrDefault(item => item.Field == field).Bytes?.ToByteArray() ?? []);

    /// <summary>A list of <c>opentelemetry.proto.common.v1.KeyValue</c>.</summary>
    public IReadOnlyDictionary<string, string> Attributes(int field) =>
        Messages(field).ToDictionary(pair => pair.Text(1), pair => pair.Message(2).AnyValue(), StringComparer.Ordinal);

    private string AnyValue() =>
        _bytes.Count > 0 ? Text(1) : string.Join(',', _numbers.Values.Select(number => number.ToString(CultureInfo.InvariantCulture)));
}
