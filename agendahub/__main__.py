"""python -m agendahub"""

from agendahub.cli import main

main()
