"""One audit a file: what its command takes, and which public function it calls."""
