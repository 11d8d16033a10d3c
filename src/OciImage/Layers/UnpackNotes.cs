namespace OciImage.Layers;

/// <summary>Collects what was skipped or tolerated, within bounds.</summary>
internal sealed class UnpackNotes
{
    private const int MaxNotes = 1000;

    private readonly List<string> _notes = [];

    public IReadOnlyList<string> ToList() => _notes;

    public void Add(string note)
    {
        if (_notes.Count < MaxNotes)
        {
            _notes.Add(note);
        }
        else if (_notes.Count == MaxNotes)
        {
            _notes.Add("There were more remarks, which are left out.");
        }
    }
}
