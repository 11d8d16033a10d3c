using System.Buffers;
using System.Globalization;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Reads manifests from anybody: canonical to the byte, within limits, and complete.</summary>
internal sealed class TreeManifestReader(Stream source, long maxEntries)
{
    private const int MaxLine = 4 * 1024 * 1024;
    private const int MaxName = 255;
    private const int ReadSize = 64 * 1024;

    private readonly ArrayBufferWriter<byte> _canonical = new();
    private readonly Stack<(byte[] Path, TreeNode Node)> _above = new();
    private readonly List<(TreeNode First, int Names)> _links = [];
    private byte[] _buffer = new byte[ReadSize];
    private int _start;
    private int _end;
    private TreeNode? _root;
    private long _entries;

    public async ValueTask<TreeManifest> ReadAsync(CancellationToken cancellationToken)
    {
        if (!(await ReadLineAsync(cancellationToken).ConfigureAwait(false)).Span.SequenceEqual(TreeManifestWriter.Header))
        {
            throw new LayerException(LayerErrorKind.Unsupported, "This is no manifest of a tree, or one of another version.");
        }

        while (true)
        {
            ReadOnlyMemory<byte> line = await ReadLineAsync(cancellationToken).ConfigureAwait(false);
            if (line.Span.StartsWith(TreeManifestWriter.End))
            {
                Finish(line.Span[TreeManifestWriter.End.Length..]);
                break;
            }

            if (++_entries > maxEntries)
            {
                throw new LayerException(LayerErrorKind.LimitExceeded, $"The manifest has more than {maxEntries} names.");
            }

            Add(line.Span);
        }

        if (!await IsAtEndAsync(cancellationToken).ConfigureAwait(false))
        {
            throw Malformed("does not end after its last line");
        }

        return new TreeManifest(_root, _entries);
    }

    private void Add(ReadOnlySpan<byte> line)
    {
        TreeNode node = TreeManifestLine.TryRead(line, (ulong)_entries, out byte[] path) ?? throw Malformed("has a line that is malformed");
        _canonical.ResetWrittenCount();
        TreeManifestLine.Write(_canonical, path, node);
        if (!_canonical.WrittenSpan.SequenceEqual(line))
        {
            throw Malformed("has a line that is not canonical");
        }

        Place(path, node);
        if (node.MayHaveMoreNames)
        {
            AddLink(node);
        }

        if (node.Type == TarEntryType.Directory)
        {
            _above.Push((path, node));
        }
    }

    // A name comes after the directory that it stands in, and after all names before it there.
    private void Place(byte[] path, TreeNode node)
    {
        if (_root is null)
        {
            _root = path.Length == 0 && node.Type == TarEntryType.Directory ? node : throw Malformed("does not begin with the root");
            return;
        }

        ReadOnlySpan<byte> parent = path.AsSpan(0, Math.Max(0, path.AsSpan().LastIndexOf((byte)'/')));
        while (_above.TryPeek(out (byte[] Path, TreeNode Node) directory) && !parent.SequenceEqual(directory.Path))
        {
            _above.Pop();
        }

        ReadOnlySpan<byte> name = node.Name;
        if (_above.Count == 0 || name.IsEmpty || name.SequenceEqual("."u8) || name.SequenceEqual(".."u8) || name.Length > MaxName ||
            path.Length != (parent.IsEmpty ? 0 : parent.Length + 1) + name.Length)
        {
            throw Malformed("has a name that stands in no directory");
        }

        List<TreeNode> siblings = _above.Peek().Node.Children;
        if (siblings.Count > 0 && siblings[^1].Name.AsSpan().SequenceCompareTo(name) >= 0)
        {
            throw Malformed("has names that are not in order");
        }

        siblings.Add(node);
    }

    private void AddLink(TreeNode node)
    {
        ulong number = node.Identity.Item2;
        if (number == (ulong)_links.Count + 1)
        {
            _links.Add((node, 1));
            return;
        }

        if (number == 0 || number > (ulong)_links.Count)
        {
            throw Malformed("has hard links whose numbers are not in order");
        }

        (TreeNode first, int names) = _links[(int)number - 1];
        if (!IsSameFile(first, node))
        {
            throw Malformed("describes the names of one file differently");
        }

        _links[(int)number - 1] = (first, names + 1);
    }

    private bool IsSameFile(TreeNode first, TreeNode second)
    {
        _canonical.ResetWrittenCount();
        TreeManifestLine.Write(_canonical, [], first);
        int length = _canonical.WrittenCount;
        TreeManifestLine.Write(_canonical, [], second);

        return _canonical.WrittenSpan[..length].SequenceEqual(_canonical.WrittenSpan[length..]);
    }

    private void Finish(ReadOnlySpan<byte> count)
    {
        if (!count.SequenceEqual(System.Text.Encoding.ASCII.GetBytes(_entries.ToString(CultureInfo.InvariantCulture))))
        {
            throw Malformed($"has {_entries} names, and says something else");
        }

        if (_links.Exists(link => link.Names < 2))
        {
            throw Malformed("has a hard link with one name only");
        }
    }

    private async ValueTask<ReadOnlyMemory<byte>> ReadLineAsync(CancellationToken cancellationToken)
    {
        int searched = _start;
        while (true)
        {
            int length = _buffer.AsSpan(searched.._end).IndexOf((byte)'\n');
            if (length >= 0)
            {
                ReadOnlyMemory<byte> line = _buffer.AsMemory(_start..(searched + length));
                _start = searched + length + 1;
                return line;
            }

            searched = _end - _start;
            if (!await FillAsync(cancellationToken).ConfigureAwait(false))
            {
                throw Malformed("ends too early");
            }
        }
    }

    // What is left goes to the start of the buffer, which grows with a line up to its limit.
    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        _buffer.AsSpan(_start.._end).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        if (_end == _buffer.Length)
        {
            if (_end >= MaxLine)
            {
                throw new LayerException(LayerErrorKind.LimitExceeded, $"The manifest has a line of more than {MaxLine} bytes.");
            }

            Array.Resize(ref _buffer, 2 * _buffer.Length);
        }

        int read = await source.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        _end += read;

        return read > 0;
    }

    private async ValueTask<bool> IsAtEndAsync(CancellationToken cancellationToken) =>
        _start == _end && !await FillAsync(cancellationToken).ConfigureAwait(false);

    private static LayerException Malformed(string fault) => new(LayerErrorKind.Malformed, $"The manifest of the tree {fault}.");
}
