using System.Text;
using OciImage.Fuzz.Targets;

namespace OciImage.Fuzz.Running;

/// <summary>Changes inputs a little at a time; the same seed gives the same changes.</summary>
public sealed class Mutator
{
    private const int MaxLength = 64 * 1024;

    // What parsers stumble over: ends, separators, signs, what is not ASCII, and half of a surrogate.
    private static readonly byte[] Odd = [0, 9, 10, 13, 32, 34, 39, 44, 58, 59, 61, 92, 127, 128, 0xC0, 0xED, 0xFF];

    private readonly Random _random;
    private readonly byte[][] _words;

    /// <summary>Initializes a new instance for a target.</summary>
    public Mutator(FuzzTarget target, int seed)
    {
        ArgumentNullException.ThrowIfNull(target);
        _random = new Random(seed);
        _words = [.. target.Words.Select(Encoding.UTF8.GetBytes)];
    }

    /// <summary>Returns another input, made of one input of a pool and perhaps a part of another.</summary>
    public byte[] Next(IReadOnlyList<byte[]> pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        List<byte> bytes = [.. pool[_random.Next(pool.Count)]];
        int changes = 1 << _random.Next(5);
        for (int i = 0; i < changes; i++)
        {
            Change(bytes, pool);
        }

        if (bytes.Count > MaxLength)
        {
            bytes.RemoveRange(MaxLength, bytes.Count - MaxLength);
        }

        return [.. bytes];
    }

    private void Change(List<byte> bytes, IReadOnlyList<byte[]> pool)
    {
        int at = _random.Next(bytes.Count + 1);
        switch (_random.Next(8))
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1 when at < bytes.Count:
                bytes[at] = Odd[_random.Next(Odd.Length)];
                break;
            case 2:
                bytes.Insert(at, Odd[_random.Next(Odd.Length)]);
                break;
            case 3:
                bytes.RemoveRange(at, _random.Next(Math.Min(bytes.Count - at, 16) + 1));
                break;
            case 4:
                bytes.InsertRange(at, _words[_random.Next(_words.Length)]);
                break;
            case 5:
                Repeat(bytes, at);
                break;
            case 6:
                byte[] other = pool[_random.Next(pool.Count)];
                int from = _random.Next(other.Length + 1);
                bytes.InsertRange(at, other.AsSpan(from, Math.Min(other.Length - from, 64)).ToArray());
                break;
            default:
                bytes.Insert(at, (byte)_random.Next(256));
                break;
        }
    }

    // Twice a part, and now and then a thousand times: nesting and lengths.
    private void Repeat(List<byte> bytes, int at)
    {
        byte[] part = [.. bytes.Skip(at).Take(1 + _random.Next(16))];
        int times = _random.Next(64) == 0 ? 1000 : 1;
        for (int i = 0; i < times && bytes.Count < MaxLength; i++)
        {
            bytes.InsertRange(at, part);
        }
    }
}
